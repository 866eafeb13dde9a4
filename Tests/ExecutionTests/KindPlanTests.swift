import Document
import Execution
import Testing

@Suite struct KindPlanTests {
    struct Case: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var kind: String
        var files: [String]
        var tools: [String]
        var settings: [String: String] = [:]
        var packageJSON = "{}"
        /// The programs and their first arguments, or the beginning of the error.
        var expect: [String]

        init(
            _ name: String, _ kind: String, _ files: [String], tools: [String], settings: [String: String] = [:],
            packageJSON: String = "{}", expect: [String]
        ) {
            (testDescription, self.kind, self.files, self.tools) = (name, kind, files, tools)
            (self.settings, self.packageJSON, self.expect) = (settings, packageJSON, expect)
        }
    }

    @Test(arguments: [
        Case("ruff before pylint", "lint", ["a.py"], tools: ["ruff", "pylint"], expect: ["ruff check"]),
        Case("pylint else", "lint", ["a.py"], tools: ["pylint"], expect: ["pylint --output-format=json"]),
        Case(
            "several linters", "lint", ["a.py", "Dockerfile", "x/b.sh"], tools: ["ruff", "hadolint", "shellcheck"],
            expect: ["ruff check", "hadolint --format", "shellcheck -f"]),
        Case(
            "what is missing is passed over", "lint", ["a.py", "b.sh"], tools: ["shellcheck"], expect: ["shellcheck -f"]
        ),
        Case(
            "no linter at all", "lint", ["a.py"], tools: [],
            expect: ["error: nothing can be linted (Python: neither ruff nor"]),
        Case(
            "eslint without settings", "lint", ["package.json"], tools: ["eslint"],
            expect: ["error: nothing can be linted (Node: no configuration"]),
        Case("eslint", "lint", ["package.json", "eslint.config.js"], tools: ["eslint"], expect: ["eslint --format"]),
        Case(
            "nothing to lint", "lint", ["README"], tools: ["ruff"],
            expect: ["error: no Python, Node, Swift or Go project"]),
        Case(
            "a misspelt setting", "lint", ["a.py"], tools: ["ruff"], settings: ["failon": "none"],
            expect: ["error: `with.failon` is no setting of lint"]),
        Case(
            "an unknown threshold", "lint", ["a.py"], tools: ["ruff"], settings: ["failOn": "never"],
            expect: ["error: `with.failOn` is `never`"]),
        Case(
            "pytest", "test", ["a.py", "tests/test_a.py"], tools: ["pytest", "python3"], expect: ["pytest --junitxml"]),
        Case("unittest else", "test", ["test_a.py"], tools: ["python3"], expect: ["python3 -m"]),
        Case(
            "Python without tests", "test", ["a.py"], tools: ["pytest"],
            expect: ["error: a Python project without tests"]),
        Case(
            "npm's own script", "test", ["package.json"], tools: ["npm", "node"],
            packageJSON: #"{"scripts":{"test":"jest"}}"#, expect: ["npm test"]),
        Case(
            "packages first", "test", ["package.json", "package-lock.json"], tools: ["npm", "node"],
            packageJSON: #"{"scripts":{"test":"jest"},"devDependencies":{"jest":"1"}}"#, expect: ["npm ci", "npm test"]),
        Case(
            "node's runner where npm init wrote the script", "test", ["package.json", "a.test.js"],
            tools: ["npm", "node"],
            packageJSON: #"{"scripts":{"test":"echo \"Error: no test specified\" && exit 1"}}"#, expect: ["node --test"]
        ),
        Case("Swift", "test", ["Package.swift"], tools: ["swift"], expect: ["swift test"]),
        Case("Go", "test", ["go.mod"], tools: ["go"], expect: ["go test"]),
        Case("Rust", "test", ["Cargo.toml"], tools: ["cargo"], expect: ["cargo test"]),
        Case(
            "a missing toolchain", "test", ["Cargo.toml"], tools: [],
            expect: ["error: the checkout holds a Rust package, but cargo"]),
        Case("nothing to test", "test", ["README"], tools: [], expect: ["error: no Python, Node, Swift, Go or Rust"]),
        Case(
            "buildah before docker", "build", ["Dockerfile"], tools: ["docker", "buildah"],
            settings: ["image": "r.example/x"], expect: ["buildah build", "buildah inspect"]),
        Case(
            "a push", "build", ["Dockerfile"], tools: ["buildah"],
            settings: ["image": "r.example/x", "push": "Enabled", "tlsVerify": "Disabled", "storageDriver": "vfs"],
            expect: ["buildah --storage-driver", "buildah --storage-driver"]),
        Case(
            "an image is needed", "build", ["Dockerfile"], tools: ["buildah"],
            expect: ["error: `with.image` is missing"]),
        Case(
            "an image is no option", "build", ["Dockerfile"], tools: ["buildah"], settings: ["image": "--help"],
            expect: ["error: `with.image` is `--help`"]),
        Case(
            "a context outside", "build", ["Dockerfile"], tools: ["buildah"],
            settings: ["image": "x", "context": "../.."], expect: ["error: `with.context` is `../..`"]),
        Case(
            "nothing to build", "build", ["a.py"], tools: ["buildah"], settings: ["image": "x"],
            expect: ["error: no Containerfile"]),
        Case("trivy first", "security", ["a.py"], tools: ["trivy", "bandit"], expect: ["trivy fs"]),
        Case("an image", "security", ["a.py"], tools: ["trivy"], settings: ["image": "x:1"], expect: ["trivy image"]),
        Case(
            "an image needs trivy", "security", ["a.py"], tools: ["bandit"], settings: ["image": "x"],
            expect: ["error: an image can only"]),
        Case(
            "each language's own", "security", ["a.py", "requirements.txt", "package.json", "package-lock.json"],
            tools: ["bandit", "pip-audit", "npm"], expect: ["bandit -q", "pip-audit -r", "npm audit"]),
        Case("nothing to scan", "security", ["README"], tools: [], expect: ["error: trivy is not installed"]),
    ])
    func aKindDecidesByWhatIsThere(_ example: Case) async throws {
        try await withFolder { folder in
            for tool in example.tools { try folder.write("", to: "bin/\(tool)", mode: 0o755) }
            let project = Project(
                root: "\(folder.path)/w", files: example.files,
                packageJSON: example.files.contains("package.json") ? try parseJSON(example.packageJSON) : nil)
            let subject = KindSubject(
                project: project, settings: example.settings, search: ExecutableSearch(path: "\(folder.path)/bin"),
                reports: "/r")
            let kind = try #require(StageKinds.named(example.kind))
            let shown: [String]
            do {
                shown = try kind.plan(subject).steps.map { step in
                    let name = step.executable.split(separator: "/").last ?? ""
                    return "\(name) \(step.arguments.first?.split(separator: "=").first ?? "")"
                }
            } catch {
                shown = ["error: \(error)"]
            }
            #expect(shown.count == example.expect.count, "\(shown)")
            for (real, wanted) in zip(shown, example.expect) {
                #expect(real.hasPrefix(wanted.split(separator: "=").first ?? "") || real.hasPrefix(wanted), "\(real)")
            }
        }
    }

    @Test func aMakefilesTestIsTheLastResort() async throws {
        let make = try #require(search.find("make"))
        var project = Project(root: "/w", files: ["Makefile"], makefile: "all:\n\ttrue\ncheck test: all\n\ttrue\n")
        let subject = { (project: Project) in
            KindSubject(project: project, settings: [:], search: search, reports: "/r")
        }
        #expect(try TestKind.plan(subject(project)).steps.map(\.line) == ["\(make) test"])
        project.makefile = "test := 1\nall:\n\ttest\n"
        #expect(throws: KindError.self) { try TestKind.plan(subject(project)) }
    }

    @Test(arguments: [
        (KindPlan.ExitCodes(isPylint: true), Int32(22), KindPlan.ExitCodes.Meaning.findings),
        (KindPlan.ExitCodes(isPylint: true), 32, .broken("it was called wrongly, or its settings are wrong")),
        (KindPlan.ExitCodes(isPylint: true), 0, .clean),
        (KindPlan.ExitCodes(explained: [2: "it broke"]), 2, .broken("it broke")),
        (KindPlan.ExitCodes(), 1, .findings),
        (KindPlan.ExitCodes(findings: []), 1, .broken("it exited with code 1")),
    ])
    func findingsAndBreakagesAreToldApart(
        _ codes: KindPlan.ExitCodes, _ code: Int32, _ meaning: KindPlan.ExitCodes.Meaning
    ) {
        #expect(codes.meaning(of: code) == meaning)
    }
}
