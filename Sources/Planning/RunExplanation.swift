package import Model

/// Why a run and each of its stages stand where they do, and what would get them on.
package struct RunExplanation: Equatable, Sendable {
    package var run: String
    /// What holds back the run as a whole; the stages that it holds back have it too.
    package var gates: [Gate] = []
    /// Why the run ended; nil while it is active.
    package var end: EndCause?
    /// When it ends whatever its stages do; nil where it has ended or is not bound by a time.
    package var deadline: Timestamp?
    /// In the pipeline's order.
    package var stages: [StageExplanation] = []
}

package struct StageExplanation: Equatable, Sendable {
    package var id: String
    /// What people see: `test[python=3.12]`.
    package var title: String
    package var status: StageStatus
    /// All that keeps it from running, what comes first first; empty once an agent runs it.
    package var gates: [Gate] = []
    /// Why it ended; nil while it has not.
    package var end: EndCause?
    /// Where it runs: whether the agents that are heard of include its own; nil where they could not be asked.
    package var isHeard: Bool?

    /// What became of its attempts: `4 attempts: 2 failed, 1 lost with its agent`; nil where there was one at most.
    package var history: String? {
        guard status.attempt > 1 else { return nil }
        var parts: [String] = []
        if status.failures > 0 { parts.append("\(status.failures) failed") }
        if status.losses > 0 {
            parts.append("\(status.losses) lost with \(status.losses == 1 ? "its agent" : "agents")")
        }
        // The last one, where neither of the counts has it: it runs, succeeded, or failed by what it gave.
        let isUncounted = status.state == .failed && status.failures + status.losses == 0
        let holds = status.state.isBound || status.state == .succeeded || isUncounted ? 1 : 0
        let rest = status.attempt - status.failures - status.losses - holds
        if rest > 0 { parts.append("\(rest) declined, not claimed, stopped, or of an earlier rerun") }
        return "\(status.attempt) attempts" + (parts.isEmpty ? "" : ": \(parts.joined(separator: ", "))")
    }
}

/// Everything that an explanation may look at.
package struct ExplanationInput: Equatable, Sendable {
    /// Who is there to take stages.
    package enum Agents: Equatable, Sendable {
        case known([Candidate])
        /// Kafka could not be asked; the error.
        case outOfReach(String)
        /// Nobody asked.
        case unknown
    }

    /// As stored.
    package var run: PipelineRun
    package var graph: StageGraph?
    package var obstacle: Obstacle?
    /// How far the controller has got with the source; nil where only the status tells.
    package var source: SourceState?
    package var agents: Agents
    /// The names of the runs that have started in its concurrency group.
    package var holders: [String] = []
    /// Whether a controller acts on the run.
    package var isControlled: Bool
    package var now: Timestamp

    package init(
        run: PipelineRun, graph: StageGraph?, obstacle: Obstacle? = nil, source: SourceState? = nil,
        agents: Agents = .unknown, isControlled: Bool = true, now: Timestamp
    ) {
        self.run = run
        self.graph = graph
        self.obstacle = obstacle
        self.source = source
        self.agents = agents
        self.isControlled = isControlled
        self.now = now
    }
}
