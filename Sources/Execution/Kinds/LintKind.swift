internal import Document

/// Runs the linters of the languages a checkout holds.
///
/// `with.failOn`: `error` (default), `warning`, `notice` or `none`.
package enum LintKind: StageKind {
    package static let name = "lint"
    private static let excluded = ".git,.venv,venv,node_modules,build,dist,.tox,__pycache__"

    package static func plan(_ subject: KindSubject) throws(KindError) -> KindPlan {
        try subject.check(known: ["failOn"], kind: name)
        let level: Finding.Level? = try subject.choice(
            "failOn", [("error", .error), ("warning", .warning), ("notice", .notice), ("none", nil)], default: .error)
        let project = subject.project
        var steps: [KindPlan.Step] = []
        var notes: [String] = []
        func report(_ tool: String) -> String { "\(subject.reports)/\(tool).report" }

        if project.isPython {
            let python = project.files(endingWith: ".py")
            if python.isEmpty {
                notes.append("a Python project without a .py file: nothing to lint")
            } else if let ruff = subject.tool("ruff") {
                steps.append(
                    .init(
                        ruff, ["check", "--output-format=json", "--no-fix", "--no-cache", "."],
                        outputFile: report("ruff"),
                        reading: .lint(.ruff, file: report("ruff")), codes: .init(explained: [2: "it broke"])))
            } else if let pylint = subject.tool("pylint") {
                steps.append(
                    .init(
                        pylint, ["--output-format=json", "--recursive=y", "--ignore=\(excluded)", "--score=n", "."],
                        outputFile: report("pylint"), reading: .lint(.pylint, file: report("pylint")),
                        codes: .init(isPylint: true)))
            } else {
                notes.append("Python: neither ruff nor pylint is installed on this agent")
            }
        }
        if project.isNode { node(subject, report("eslint"), &steps, &notes) }
        if project.isSwift {
            if let swift = subject.tool("swift") {
                steps.append(
                    .init(
                        "/bin/sh",
                        // Its findings go to the error output.
                        ["-c", "exec \"$0\" format lint --recursive --parallel . 2>&1", swift],
                        outputFile: report("swift-format"),
                        reading: .lint(.lines(tool: "swift-format", level: .warning), file: report("swift-format"))))
            } else {
                notes.append("Swift: no swift is installed on this agent")
            }
        }
        if project.isGo {
            if let go = subject.tool("go") {
                steps.append(
                    .init(
                        "/bin/sh", ["-c", "exec \"$0\" vet ./... 2>&1", go], outputFile: report("go-vet"),
                        reading: .lint(.lines(tool: "go vet", level: .error), file: report("go-vet")),
                        codes: .init(findings: [1, 2])))
            } else {
                notes.append("Go: no go is installed on this agent")
            }
        }
        let containerfiles = project.containerfiles
        if !containerfiles.isEmpty {
            if let hadolint = subject.tool("hadolint") {
                steps.append(
                    .init(
                        hadolint, ["--format", "json", "--"] + containerfiles.prefix(500),
                        outputFile: report("hadolint"),
                        reading: .lint(.hadolint, file: report("hadolint"))))
            } else {
                notes.append("\(containerfiles[0]): hadolint is not installed on this agent")
            }
        }
        let scripts = project.files(endingWith: ".sh", ".bash")
        if !scripts.isEmpty {
            if let shellcheck = subject.tool("shellcheck") {
                steps.append(
                    .init(
                        shellcheck, ["-f", "json", "--"] + scripts.prefix(500), outputFile: report("shellcheck"),
                        reading: .lint(.shellcheck, file: report("shellcheck")),
                        codes: .init(explained: [
                            2: "some files could not be read", 3: "it was called wrongly", 4: "it was called wrongly",
                        ])))
                if scripts.count > 500 {
                    notes.append("only the first 500 of \(scripts.count) shell scripts are checked")
                }
            } else {
                notes.append("shell scripts: shellcheck is not installed on this agent")
            }
        }
        guard !steps.isEmpty else {
            if notes.isEmpty {
                throw KindError(
                    "no Python, Node, Swift or Go project, no Dockerfile and no shell script found in the checkout; "
                        + "add `run:` to say how to lint it")
            }
            throw KindError(
                "nothing can be linted (\(notes.joined(separator: "; "))); add `run:`, or use another agent")
        }
        return KindPlan(steps: steps, notes: notes, threshold: .level(level))
    }

    private static func node(
        _ subject: KindSubject, _ report: String, _ steps: inout [KindPlan.Step], _ notes: inout [String]
    ) {
        let project = subject.project
        let isConfigured =
            project.files.contains { $0.hasPrefix("eslint.config.") || $0.hasPrefix(".eslintrc") }
            || project.packageJSON?["eslintConfig"] != nil
        guard isConfigured else {
            notes.append("Node: no configuration of eslint (eslint.config.js) in the checkout")
            return
        }
        guard let eslint = subject.tool("eslint") else {
            notes.append("Node: eslint is neither in node_modules nor installed on this agent")
            return
        }
        steps.append(
            .init(
                eslint, ["--format", "json", "."], outputFile: report, reading: .lint(.eslint, file: report),
                codes: .init(explained: [2: "its configuration is wrong, or it broke"])))
    }
}
