import Document
import Execution
import Testing

@Suite struct ReportTests {
    @Test func pytestsReportIsRead() throws {
        let text = """
            <?xml version="1.0" encoding="utf-8"?><testsuites><testsuite name="pytest" errors="1" failures="1" skipped="1" \
            tests="4" time="0.04"><testcase classname="test_a" name="test_a" time="0.001" /><testcase classname="test_a" \
            name="test_b" file="test_a.py" line="1" time="0.25"><failure message="assert 1 == 2">def test_b():
            &gt;       assert 1==2
            test_a.py:3: AssertionError</failure></testcase><testcase classname="test_a" name="test_c"><skipped \
            type="pytest.skip" message="why">x</skipped></testcase><testcase classname="test_a" name="test_d" \
            file="test_a.py" line="6"><error message="failed on setup">boom</error></testcase></testsuite></testsuites>
            """
        let report = try TestReport(junit: Array(text.utf8), root: "/w")
        #expect([report.tests, report.failures, report.errors, report.skipped, report.passed] == [4, 1, 1, 1, 1])
        #expect(report.seconds == 0.251)
        #expect(
            report.failed == [
                .init(suite: "test_a", name: "test_b", message: "assert 1 == 2", path: "test_a.py", line: 3),
                .init(suite: "test_a", name: "test_d", message: "failed on setup", path: "test_a.py", line: 7),
            ])
    }

    @Test func nestedSuitesAndNodesStacksAreRead() throws {
        let text = """
            <testsuites><testcase name="ok"/><testsuite name="s"><testsuite name="t"><testcase name="bad" classname="test">
            <failure type="testCodeFailure" message="x&lt;&amp;">Error
                at Test.run (node:internal/test_runner/test:796:25)
                at TestContext.&lt;anonymous> (/w/lib/x.test.js:2:42)</failure></testcase></testsuite></testsuite></testsuites>
            """
        let report = try TestReport(junit: Array(text.utf8), root: "/w")
        #expect(report.tests == 2)
        #expect(report.failed == [.init(suite: "test", name: "bad", message: "x<&", path: "lib/x.test.js", line: 2)])
    }

    @Test(arguments: [
        "", "<testsuites>", "not xml", "<a></b>",
        "<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;\">]><testsuites>&b;</testsuites>",
        String(repeating: "<a>", count: 100),
    ])
    func whatIsNoReportIsRefused(_ text: String) {
        #expect(throws: ReportError.self) { try TestReport(junit: Array(text.utf8), root: "/w") }
    }

    @Test func failuresAreBounded() throws {
        let cases = (0..<500).map {
            "<testcase name='t\($0)'><failure>\(String(repeating: "x", count: 5000))</failure></testcase>"
        }
        let report = try TestReport(junit: Array("<testsuites>\(cases.joined())</testsuites>".utf8), root: "/w")
        #expect(report.failures == 500)
        #expect(report.failed.count == TestReport.maxFailures)
        #expect(report.failed.allSatisfy { $0.message.utf8.count <= 1000 })
    }

    @Test(arguments: [
        (
            LintReport.pylint,
            #"[{"type":"error","line":4,"column":9,"path":"a.py","message":"Undefined variable 'b'","message-id":"E0602"}]"#,
            "a.py:4:10: error: Undefined variable 'b' [E0602]"
        ),
        (
            .ruff,
            #"[{"code":"F401","filename":"/w/a.py","location":{"row":1,"column":8},"message":"`os` imported but unused"}]"#,
            "a.py:1:8: error: `os` imported but unused [F401]"
        ),
        (
            .eslint,
            #"[{"filePath":"/w/src/a.js","messages":[{"ruleId":"no-undef","severity":2,"message":"'x' is not defined.","line":3,"column":1}]}]"#,
            "src/a.js:3:1: error: 'x' is not defined. [no-undef]"
        ),
        (
            .shellcheck,
            #"[{"file":"./s.sh","line":2,"column":6,"level":"info","code":2086,"message":"Double quote."}]"#,
            "s.sh:2:6: notice: Double quote. [SC2086]"
        ),
        (
            .hadolint,
            #"[{"code":"DL3006","column":1,"file":"Dockerfile","level":"warning","line":1,"message":"Always tag"}]"#,
            "Dockerfile:1:1: warning: Always tag [DL3006]"
        ),
        (
            .lines(tool: "swift-format", level: .warning),
            "noise\n/w/Sources/a.swift:1:27: warning: [AlwaysUseLowerCamelCase] rename the constant",
            "Sources/a.swift:1:27: warning: rename the constant [AlwaysUseLowerCamelCase]"
        ),
        (
            .lines(tool: "go vet", level: .error), "# example.com/x\n./a.go:7:2: unreachable code",
            "a.go:7:2: error: unreachable code [go vet]"
        ),
    ])
    func lintersReportsAreRead(_ report: LintReport, _ text: String, _ finding: String) throws {
        #expect(try report.findings(in: Array(text.utf8), root: "/w").map(\.text) == [finding])
    }

    @Test(arguments: [
        (
            SecurityReport.trivy,
            #"""
            {"SchemaVersion":2,"Results":[{"Target":"requirements.txt","Class":"lang-pkgs",
            "Packages":[{"Identifier":{"UID":"u"},"Locations":[{"StartLine":6}]}],
            "Vulnerabilities":[{"VulnerabilityID":"CVE-1","PkgName":"w","InstalledVersion":"1","FixedVersion":"2",
            "PkgIdentifier":{"UID":"u"},"Severity":"CRITICAL","Title":"bad"}],
            "Secrets":[{"RuleID":"aws","Severity":"HIGH","StartLine":3,"Title":"AWS key","Match":"AKIA"}]}]}
            """#,
            [
                "requirements.txt:6: error (critical): w 1, fixed in 2: bad [CVE-1]",
                "requirements.txt:3: error (high): a secret: AWS key [aws]",
            ]
        ),
        (
            .bandit,
            #"{"errors":[],"results":[{"filename":"./b.py","issue_severity":"MEDIUM","issue_text":"t","line_number":1,"test_id":"B404"}]}"#,
            ["b.py:1: warning (medium): t [B404]"]
        ),
        (
            .pipAudit,
            #"{"dependencies":[{"name":"flask","version":"0.5","vulns":[{"id":"PYSEC-1","fix_versions":["1.0"],"description":"d"}]}]}"#,
            ["requirements.txt: warning (unknown): flask 0.5, fixed in 1.0: d [PYSEC-1]"]
        ),
        (
            .npmAudit,
            #"{"vulnerabilities":{"x":{"severity":"moderate","range":"<2","via":[{"title":"t","url":"https://g/GHSA-1"}]}}}"#,
            ["package-lock.json: warning (medium): x <2: t [GHSA-1]"]
        ),
    ])
    func scannersReportsAreRead(_ report: SecurityReport, _ text: String, _ findings: [String]) throws {
        #expect(try report.findings(in: Array(text.utf8), root: "/w").map(\.text) == findings)
    }

    @Test func aScannersOwnErrorIsNoCleanReport() {
        let text = #"{"error":{"code":"ENOLOCK","summary":"This command requires an existing lockfile."}}"#
        #expect(throws: ReportError(tool: "npm audit", problem: "This command requires an existing lockfile.")) {
            try SecurityReport.npmAudit.findings(in: Array(text.utf8), root: "/w")
        }
    }

    private static let fixtures =
        "\(#filePath.split(separator: "/").dropLast(4).map { "/\($0)" }.joined())/shared/fixtures/trivy"

    @Test(
        .enabled(if: FileSystem.isFolder(fixtures), "no reports of trivy beside the checkout"),
        arguments: [
            ("alpine-310", ["CVE-2019-1549", "CVE-2019-1551", "CVE-2019-1563", "CVE-2019-1547"].sorted(), 0),
            ("npm", ["CVE-2019-11358"], 1),
            ("pip", ["CVE-2019-14806", "CVE-2020-28724"], 2),
        ])
    func trivysOwnReportsAreRead(_ name: String, _ rules: [String], _ placed: Int) throws {
        let bytes = try FileSystem.read("\(Self.fixtures)/\(name).json", limit: 1 << 24).bytes
        let findings = try SecurityReport.trivy.findings(in: bytes, root: "/w")
        #expect(findings.count == rules.count)
        #expect(findings.filter { !$0.path.isEmpty }.count == placed)
        #expect(Set(findings.map(\.rule)).isSubset(of: Set(rules)), "\(findings.map(\.rule))")
    }

    @Test func findingsAreCountedAndTheWorstKept() {
        var findings = Findings()
        findings.add((0..<300).map { Finding(tool: "t", rule: "n\($0)", path: "a", level: .notice, message: "") })
        findings.add([Finding(tool: "t", rule: "worst", path: "a", level: .error, message: "")])
        #expect(findings.total == 301)
        #expect(findings.count(.notice) == 300)
        #expect(findings.kept.count == Findings.maxKept)
        #expect(findings.kept.first?.rule == "worst")
        #expect(findings.kept.dropFirst().first?.rule == "n0")
    }

    @Test func findingsAreWrittenAsSARIF() throws {
        var findings = Findings()
        findings.add([
            Finding(tool: "bandit", rule: "B1", path: "a b.py", line: 3, level: .error, severity: .high, message: "m")
        ])
        let document = try parseJSON(SARIF.document(of: findings))
        #expect(document["version"]?.string == "2.1.0")
        let run = try #require(document["runs"]?.array?.first)
        #expect(run["tool"]?["driver"]?["name"]?.string == "bandit")
        let result = try #require(run["results"]?.array?.first)
        #expect(result["level"]?.string == "error")
        let place = result["locations"]?.array?.first?["physicalLocation"]
        #expect(place?["artifactLocation"]?["uri"]?.string == "a%20b.py")
        #expect(place?["region"]?["startLine"]?.int == 3)
    }
}
