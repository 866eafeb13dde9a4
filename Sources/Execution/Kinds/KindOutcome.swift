/// What came of a stage without a `run`.
package struct KindOutcome: Equatable, Sendable {
    /// Nil if the stage succeeded, else why not, in a sentence.
    package var failure: String?
    package var findings = Findings()
    package var tests: TestReport?
    /// In a fixed order: `tests`, `failed`, …, `critical`, …, `image`, `digest`.
    package var results: [ResultsFile.Result] = []
    /// Files to keep: SARIF.
    package var reports: [String] = []

    package init(failure: String? = nil) {
        self.failure = failure
    }
}

/// Gathers what the steps of a plan report, and judges it.
struct KindJudgement {
    let plan: KindPlan
    let root: String
    private(set) var outcome = KindOutcome()
    private var hasTests = false

    init(plan: KindPlan, root: String) {
        self.plan = plan
        self.root = root
    }

    /// Takes in what one step reported. False when the steps after it make no sense any more.
    ///
    /// - Parameter lastLine: The last that it has printed, which mostly says why it failed.
    mutating func take(_ step: KindPlan.Step, exit: ProcessExit, tally: OutputTally?, lastLine: String) -> Bool {
        let tool = Project.name(of: step.executable)
        guard case .code(let code) = exit.status, exit.cause == .itself else {
            fail("\(tool) \(exit)")
            return false
        }
        let meaning = step.codes.meaning(of: code, lastLine: lastLine)
        if case .broken(let reason) = meaning {
            fail("\(tool) failed: \(reason)")
            return false
        }
        do {
            try read(step, found: meaning == .findings, code: code, tally: tally)
        } catch {
            fail("\(tool) exited with code \(code), but \(error)")
            return false
        }
        return true
    }

    private mutating func read(
        _ step: KindPlan.Step, found: Bool, code: Int32, tally: OutputTally?
    ) throws(ReportError) {
        let tool = Project.name(of: step.executable)
        switch step.reading {
        case .exitCode:
            if found { fail("\(step.line) exited with code \(code)") }
        case .lint(let report, let file):
            let findings = try report.findings(in: try bytes(of: file, tool: report.tool), root: root)
            if found && findings.isEmpty {
                throw ReportError(tool: report.tool, problem: "its report names nothing that it found")
            }
            outcome.findings.add(findings)
        case .security(let report, let file):
            outcome.findings.add(try report.findings(in: try bytes(of: file, tool: report.rawValue), root: root))
        case .junit(let files):
            var tests = TestReport()
            let present = files.filter { FileSystem.isFile($0) }
            for file in present { tests.add(try TestReport(junit: try bytes(of: file, tool: tool), root: root)) }
            if present.isEmpty {
                guard found else { throw ReportError(tool: tool, problem: "it wrote no report of its tests") }
                fail("\(tool) exited with code \(code) before any test could run")
            } else {
                take(tests, found: found, code: code, tool: tool)
            }
        case .unittest, .cargoTest, .goTest:
            take(tally?.report ?? TestReport(), found: found, code: code, tool: tool)
        case .digest(let file, let image):
            let digest = String(decoding: try bytes(of: file, tool: tool), as: UTF8.self).filter { !$0.isWhitespace }
            guard digest.hasPrefix("sha256:") else {
                throw ReportError(tool: tool, problem: "it names no digest of the image")
            }
            outcome.results += [
                .init(name: "image", value: "\(image)@\(digest)"), .init(name: "digest", value: digest),
            ]
        case .reference(let file):
            let text = String(decoding: try bytes(of: file, tool: tool), as: UTF8.self).filter { !$0.isWhitespace }
            guard let digest = text.split(separator: "@").last, text.contains("@sha256:") else {
                throw ReportError(tool: tool, problem: "it names no digest of the image")
            }
            outcome.results += [.init(name: "image", value: text), .init(name: "digest", value: String(digest))]
        }
    }

    private mutating func take(_ tests: TestReport, found: Bool, code: Int32, tool: String) {
        hasTests = true
        var sum = outcome.tests ?? TestReport()
        sum.add(tests)
        outcome.tests = sum
        let failed = tests.failures + tests.errors
        if failed > 0 {
            let names = tests.failed.prefix(3).map(\.name).joined(separator: ", ")
            fail(
                "\(failed) of \(tests.tests) tests failed" + (names.isEmpty ? "" : ": \(names)")
                    + (failed > 3 ? ", …" : ""))
        } else if found {
            fail("\(tool) exited with code \(code), though no test failed")
        } else if tests.tests == 0 {
            fail("\(tool) ran no tests")
        }
    }

    private func bytes(of file: String, tool: String) throws(ReportError) -> [UInt8] {
        do {
            let (bytes, isCut) = try FileSystem.read(file, limit: ReportReading.maxBytes)
            guard !isCut else { throw ReportError(tool: tool, problem: "its report is larger than 64 MiB") }
            return bytes
        } catch let error as ReportError {
            throw error
        } catch {
            throw ReportError(tool: tool, problem: "its report can't be read: \(error)")
        }
    }

    /// The first failure is the one to tell.
    private mutating func fail(_ message: String) {
        outcome.failure = outcome.failure ?? message
    }

    /// Judges by the thresholds and puts the results together.
    mutating func finish() -> KindOutcome {
        let findings = outcome.findings
        switch plan.threshold {
        case .exitCode: break
        case .level(let level):
            if let level, findings.hasAny(from: level) { fail(Self.summary(levels: findings)) }
            for (name, kind) in [("errors", Finding.Level.error), ("warnings", .warning), ("notices", .notice)] {
                outcome.results.append(.init(name: name, value: "\(findings.count(kind))"))
            }
        case .severity(let severity):
            if let severity, findings.hasAny(from: severity) { fail(Self.summary(severities: findings)) }
            for kind in Finding.Severity.allCases.reversed() {
                outcome.results.append(.init(name: kind.name, value: "\(findings.count(kind))"))
            }
        }
        if let tests = outcome.tests {
            outcome.results += [
                .init(name: "tests", value: "\(tests.tests)"), .init(name: "passed", value: "\(tests.passed)"),
                .init(name: "failed", value: "\(tests.failures + tests.errors)"),
                .init(name: "skipped", value: "\(tests.skipped)"),
            ]
        }
        if let sarif = plan.sarif {
            do {
                try FileSystem.write(SARIF.document(of: findings), to: sarif)
                outcome.reports.append(sarif)
            } catch {
                fail("the report can't be kept: \(error)")
            }
        }
        return outcome
    }

    private static func summary(levels findings: Findings) -> String {
        "\(findings.count(.error)) errors, \(findings.count(.warning)) warnings, \(findings.count(.notice)) notices"
    }

    private static func summary(severities findings: Findings) -> String {
        Finding.Severity.allCases.reversed().filter { findings.count($0) > 0 }
            .map { "\(findings.count($0)) \($0.name)" }.joined(separator: ", ") + " found"
    }
}
