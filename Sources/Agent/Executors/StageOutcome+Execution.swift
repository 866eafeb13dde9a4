internal import Execution
package import Model

/// What the protocol calls an outcome, where both modules are at hand.
package typealias StageOutcome = Model.StageOutcome

extension StageOutcome {
    /// The protocol's words for how a kind's own job ended.
    init(_ ended: Execution.StageOutcome) {
        self.init(.failed, message: ended.message.isEmpty ? nil : ended.message)
        switch ended.ending {
        case .succeeded: result = .succeeded
        case .failed: reason = Reason.failure
        case .timedOut:
            result = .timedOut
            reason = Reason.timeout
        case .cancelled:
            result = .cancelled
            reason = Reason.cancelled
        case .broken: reason = AgentReason.agentTrouble
        }
        exitCode = ended.exitCode.map { Int($0) }
        results = ended.results.map { Param(name: $0.name, value: $0.value) }
        annotations = ended.findings.kept.map(Annotation.init) + (ended.tests?.failed ?? []).map(Annotation.init)
    }
}

extension Annotation {
    init(_ finding: Finding) {
        self.init()
        path = finding.path
        line = finding.line
        column = finding.column
        severity =
            switch finding.level {
            case .notice: .notice
            case .warning: .warning
            case .error: .error
            }
        rule = finding.rule
        message = finding.message
    }

    init(_ failure: TestReport.Failure) {
        self.init()
        path = failure.path ?? ""
        line = failure.line
        severity = .error
        rule = failure.suite.isEmpty ? failure.name : "\(failure.suite).\(failure.name)"
        message = failure.message
    }
}
