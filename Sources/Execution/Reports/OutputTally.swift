/// Counts tests by what a tool prints, for tools that write no report: `unittest`, `cargo test`, `go test -v`.
struct OutputTally {
    enum Format: Equatable, Sendable { case unittest, cargo, go }

    let format: Format
    private(set) var report = TestReport()

    init(_ format: Format) {
        self.format = format
    }

    mutating func read(_ line: String) {
        switch format {
        case .unittest:
            if line.hasPrefix("Ran "), let count = Self.number(after: "Ran ", in: line) { report.tests += count }
            if line.hasPrefix("FAILED (") || line.hasPrefix("OK (") {
                report.failures += Self.number(after: "failures=", in: line) ?? 0
                report.errors += Self.number(after: "errors=", in: line) ?? 0
                report.skipped += Self.number(after: "skipped=", in: line) ?? 0
            }
        case .cargo:
            guard line.hasPrefix("test result: ") else { return fail(line, prefix: "test ", suffix: " ... FAILED") }
            let passed = Self.number(before: " passed", in: line) ?? 0
            let failed = Self.number(before: " failed", in: line) ?? 0
            let ignored = Self.number(before: " ignored", in: line) ?? 0
            report.tests += passed + failed + ignored
            report.failures += failed
            report.skipped += ignored
        case .go:
            // Indented ones are subtests, whose parents count already.
            if line.hasPrefix("--- PASS: ") { report.tests += 1 }
            if line.hasPrefix("--- SKIP: ") {
                report.tests += 1
                report.skipped += 1
            }
            if line.hasPrefix("--- FAIL: ") {
                report.tests += 1
                report.failures += 1
                fail(line, prefix: "--- FAIL: ", suffix: "")
            }
        }
    }

    private mutating func fail(_ line: String, prefix: String, suffix: String) {
        guard line.hasPrefix(prefix), line.hasSuffix(suffix), report.failed.count < TestReport.maxFailures else {
            return
        }
        let name = line.dropFirst(prefix.count).dropLast(suffix.count).split(separator: " ").first ?? ""
        report.failed.append(TestReport.Failure(suite: "", name: String(name), message: "failed"))
    }

    private static func number(after mark: String, in line: String) -> Int? {
        guard let start = line.firstRange(of: mark)?.upperBound else { return nil }
        return Int(line[start...].prefix { $0.isASCII && $0.isNumber })
    }

    private static func number(before mark: String, in line: String) -> Int? {
        guard let end = line.firstRange(of: mark)?.lowerBound else { return nil }
        return Int(line[..<end].reversed().prefix { $0.isASCII && $0.isNumber }.reversed().map(String.init).joined())
    }
}
