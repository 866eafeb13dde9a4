internal import Document

/// Runs the tests of a checkout in the way of its language.
///
/// `with.install`: `Enabled` (default) runs `npm ci` where a lock file asks for it. `with.report`: a JUnit file that the
/// tests write themselves.
package enum TestKind: StageKind {
    package static let name = "test"

    package static func plan(_ subject: KindSubject) throws(KindError) -> KindPlan {
        try subject.check(known: ["install", "report"], kind: name)
        let project = subject.project
        var steps: [KindPlan.Step] = []
        var notes: [String] = []
        var own: KindPlan.Reading?
        if let report = subject.settings["report"] {
            guard !report.hasPrefix("/"), !report.split(separator: "/").contains("..") else {
                throw KindError("`with.report` is `\(report)`; it must be a path within the checkout")
            }
            own = .junit(["\(project.root)/\(report)"])
        }

        if project.isPython && (!project.pythonTests.isEmpty || project.hasAny("pytest.ini", "conftest.py")) {
            try python(subject, &steps)
        }
        if project.isNode || !project.nodeTests.isEmpty { try node(subject, own, &steps) }
        if project.isSwift {
            guard let swift = subject.tool("swift") else { throw missing("swift", for: "a Swift package") }
            let report = "\(subject.reports)/swift.xml"
            // XCTest's go to the first, those of swift-testing to the second.
            steps.append(
                .init(
                    swift, ["test", "--xunit-output", report],
                    reading: .junit([report, "\(subject.reports)/swift-swift-testing.xml"])))
        }
        if project.isGo {
            guard let go = subject.tool("go") else { throw missing("go", for: "a Go module") }
            steps.append(.init(go, ["test", "-v", "./..."], reading: .goTest, codes: .init(findings: [1, 2])))
        }
        if project.isRust {
            guard let cargo = subject.tool("cargo") else { throw missing("cargo", for: "a Rust package") }
            steps.append(.init(cargo, ["test"], reading: .cargoTest, codes: .init(findings: [101])))
        }
        if steps.isEmpty && project.hasMakeTest {
            guard let make = subject.tool("make") else { throw missing("make", for: "a Makefile with a target `test`") }
            // GNU make says 2 when a command of the target failed.
            steps.append(.init(make, ["test"], reading: own ?? .exitCode, codes: .init(findings: [1, 2])))
        }
        guard !steps.isEmpty else {
            if project.isPython { throw KindError("a Python project without tests (test_*.py); add them, or `run:`") }
            throw KindError(
                "no Python, Node, Swift, Go or Rust project with tests and no Makefile with a target `test` found in the "
                    + "checkout; add `run:` to say how to test it")
        }
        if steps.count > 1 { notes.append("several kinds of tests were found; they run one after another") }
        return KindPlan(steps: steps, notes: notes)
    }

    private static func missing(_ tool: String, for what: String) -> KindError {
        KindError("the checkout holds \(what), but \(tool) is not installed on this agent; use another, or add `run:`")
    }

    private static func python(_ subject: KindSubject, _ steps: inout [KindPlan.Step]) throws(KindError) {
        let root = subject.project.root
        let hasSource = subject.project.files.contains { $0.hasPrefix("src/") && $0.hasSuffix(".py") }
        let environment = [
            "PYTHONPATH": hasSource ? "\(root)/src:\(root)" : root, "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONUNBUFFERED": "1",
        ]
        if let pytest = subject.tool("pytest") ?? subject.tool("py.test") {
            let report = "\(subject.reports)/pytest.xml"
            steps.append(
                .init(
                    // The older family says in which file a test is.
                    pytest, ["--junitxml=\(report)", "-o", "junit_family=xunit1", "-p", "no:cacheprovider"],
                    environment: environment, reading: .junit([report]),
                    codes: .init(
                        findings: [1, 2],
                        explained: [
                            3: "an internal error", 4: "it was called wrongly, or its settings are wrong",
                            5: "no tests were collected",
                        ])))
        } else if let python = subject.tool("python3") ?? subject.tool("python") {
            steps.append(
                .init(
                    python, ["-m", "unittest", "discover", "-v"], environment: environment, reading: .unittest,
                    codes: .init(explained: [5: "no tests were found"])))
        } else {
            throw missing("python3", for: "Python tests")
        }
    }

    private static func node(
        _ subject: KindSubject, _ own: KindPlan.Reading?, _ steps: inout [KindPlan.Step]
    ) throws(KindError) {
        let project = subject.project
        let script = project.nodeTestScript
        guard script != nil || !project.nodeTests.isEmpty else { return }
        let isLocked = project.hasAny("package-lock.json", "npm-shrinkwrap.json")
        let needsPackages = ["dependencies", "devDependencies"].contains {
            project.packageJSON?[$0]?.members?.isEmpty == false
        }
        let installs = try subject.isEnabled("install", default: true)
        if installs && isLocked && needsPackages && !FileSystem.isFolder("\(project.root)/node_modules") {
            guard let npm = subject.tool("npm") else { throw missing("npm", for: "a Node package") }
            steps.append(.init(npm, ["ci", "--no-audit", "--no-fund"], codes: .init(findings: [])))
        }
        if script != nil {
            guard let npm = subject.tool("npm") else { throw missing("npm", for: "a Node package") }
            steps.append(.init(npm, ["test"], reading: own ?? .exitCode))
        } else {
            guard let node = subject.tool("node") else { throw missing("node", for: "Node tests") }
            let report = "\(subject.reports)/node.xml"
            steps.append(
                .init(
                    node,
                    [
                        "--test", "--test-reporter=spec", "--test-reporter-destination=stdout", "--test-reporter=junit",
                        "--test-reporter-destination=\(report)",
                    ], reading: .junit([report])))
        }
    }
}
