package import AgentProtocol
internal import Model

/// Does nothing and succeeds at once: for measuring everything else.
package struct NoopExecutor: StageExecutor {
    package static let kind = "noop"

    package init() {}

    package func execute(_ assignment: Assignment, context: StageContext) async -> StageOutcome {
        var outcome = StageOutcome(.succeeded)
        let now = AgentTime.now().wall
        outcome.startTime = now
        outcome.completionTime = now
        return outcome
    }
}
