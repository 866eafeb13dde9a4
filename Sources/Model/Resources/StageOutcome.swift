/// How an attempt at a stage ended, as the agent that ran it says.
package struct StageOutcome: Fields, Equatable {
    package enum Result: String, Choice {
        case succeeded = "Succeeded"
        case failed = "Failed"
        case timedOut = "TimedOut"
        case cancelled = "Cancelled"
    }

    package var result = Result.failed
    /// One CamelCase word; `Failure` when the work itself failed.
    package var reason: String?
    /// A sentence for people: the failing tests' names, the last line of output.
    package var message: String?
    package var exitCode: Int?
    package var results: [Param] = []
    package var startTime: Timestamp?
    package var completionTime: Timestamp?
    /// Findings and failed tests, for checks; never stored in a status.
    package var annotations: [Annotation] = []

    package init() {}

    package init(_ result: Result, message: String? = nil, results: [Param] = []) {
        self.result = result
        self.message = message
        self.results = results
    }

    package mutating func visit(_ visitor: inout some FieldVisitor) {
        visitor.requiredChoice("result", &result)
        visitor.text("reason", &reason, .filled(128))
        visitor.text("message", &message, .any(4096))
        visitor.number("exitCode", &exitCode, in: -1...65_535)
        visitor.list("results", &results, atMost: 64)
        visitor.time("startTime", &startTime)
        visitor.time("completionTime", &completionTime)
        visitor.list("annotations", &annotations, atMost: 1000)
    }
}

/// One remark about one place in the source.
package struct Annotation: Fields, Equatable {
    package enum Severity: String, Choice {
        case notice = "Notice"
        case warning = "Warning"
        case error = "Error"
    }

    /// Relative to the repository's root.
    package var path = ""
    package var line: Int?
    package var column: Int?
    package var severity = Severity.warning
    package var rule: String?
    package var message = ""

    package init() {}

    package mutating func visit(_ visitor: inout some FieldVisitor) {
        visitor.text("path", &path, .any(1024))
        visitor.number("line", &line, in: 0...Int(Int32.max))
        visitor.number("column", &column, in: 0...Int(Int32.max))
        visitor.choice("severity", &severity, default: .warning)
        visitor.text("rule", &rule, .any(128))
        visitor.text("message", &message, .any(2048))
    }
}
