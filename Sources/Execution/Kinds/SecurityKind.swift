/// Looks for known weaknesses: with trivy where it is installed, else with the language's own scanner.
///
/// `with.failOn`: `critical`, `high` (default), `medium`, `low` (which includes what has no rating) or `none`.
/// `with.image`: an image to scan instead of the checkout (trivy only).
package enum SecurityKind: StageKind {
    package static let name = "security"

    package static func plan(_ subject: KindSubject) throws(KindError) -> KindPlan {
        try subject.check(known: ["failOn", "image"], kind: name)
        let severity: Finding.Severity? = try subject.choice(
            "failOn",
            [("critical", .critical), ("high", .high), ("medium", .medium), ("low", .unknown), ("none", nil)],
            default: .high)
        let project = subject.project
        var steps: [KindPlan.Step] = []
        var notes: [String] = []
        func report(_ tool: String) -> String { "\(subject.reports)/\(tool).json" }

        let image = subject.settings["image"]
        if let image, image.isEmpty || image.hasPrefix("-") || image.contains(where: \.isWhitespace) {
            throw KindError("`with.image` is `\(image)`, which is no image")
        }
        if let trivy = subject.tool("trivy") {
            let target = image.map { ["image", "--format", "json", "--output", report("trivy"), "--", $0] }
            steps.append(
                .init(
                    trivy, target ?? ["fs", "--format", "json", "--output", report("trivy"), "--list-all-pkgs", "."],
                    reading: .security(.trivy, file: report("trivy")), codes: .init(findings: [])))
        } else {
            guard image == nil else {
                throw KindError("an image can only be scanned with trivy, which is not installed on this agent")
            }
            if !project.files(endingWith: ".py").isEmpty {
                if let bandit = subject.tool("bandit") {
                    steps.append(
                        .init(
                            bandit,
                            [
                                "-q", "-r", ".", "-f", "json", "-o", report("bandit"), "-x",
                                "./.git,./.venv,./venv,./node_modules,./build,./dist,./.tox",
                            ], reading: .security(.bandit, file: report("bandit"))))
                } else {
                    notes.append("Python code: bandit is not installed on this agent")
                }
            }
            if project.has("requirements.txt") {
                if let audit = subject.tool("pip-audit") {
                    steps.append(
                        .init(
                            audit, ["-r", "requirements.txt", "-f", "json", "-o", report("pip-audit")],
                            reading: .security(.pipAudit, file: report("pip-audit"))))
                } else {
                    notes.append("requirements.txt: pip-audit is not installed on this agent")
                }
            }
            if project.isNode {
                if !project.hasAny("package-lock.json", "npm-shrinkwrap.json") {
                    notes.append("Node: npm audit needs a package-lock.json")
                } else if let npm = subject.tool("npm") {
                    steps.append(
                        .init(
                            npm, ["audit", "--json"], outputFile: report("npm-audit"),
                            reading: .security(.npmAudit, file: report("npm-audit"))))
                } else {
                    notes.append("Node: npm is not installed on this agent")
                }
            }
        }
        guard !steps.isEmpty else {
            if notes.isEmpty {
                throw KindError(
                    "trivy is not installed on this agent, and no Python or Node project found in the checkout that other "
                        + "scanners know; add `run:`, or use an agent with trivy")
            }
            throw KindError(
                "nothing can be scanned (\(notes.joined(separator: "; "))); add `run:`, or use an agent with trivy")
        }
        return KindPlan(
            steps: steps, notes: notes, threshold: .severity(severity), sarif: "\(subject.reports)/findings.sarif")
    }
}
