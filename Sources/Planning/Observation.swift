package import Model

/// Everything that one pass over one run may look at.
package struct Observation: Equatable, Sendable {
    /// As stored: the spec that is wanted and the status that was last written.
    package var run: PipelineRun
    /// The stages, expanded from the frozen pipeline or, before the start, from the one that is referenced now;
    /// nil while there is none.
    package var graph: StageGraph?
    /// Why there is no graph, or why the run may not start.
    package var obstacle: Obstacle?
    package var source: SourceState
    /// What has come in since the stored status, in the order of its coming. A report may be repeated, late, or for an
    /// attempt that nobody wants any more.
    package var reports: [StageReport]
    package var now: Timestamp

    package init(
        run: PipelineRun, graph: StageGraph?, obstacle: Obstacle? = nil, source: SourceState = .none,
        reports: [StageReport] = [], now: Timestamp
    ) {
        self.run = run
        self.graph = graph
        self.obstacle = obstacle
        self.source = source
        self.reports = reports
        self.now = now
    }
}

/// What keeps a run from starting.
package enum Obstacle: Equatable, Sendable {
    /// The user has to change something; the sentence says what.
    case invalid(String)
    case pipelineNotFound(String)
    case pipelineSuspended(String)
    case specChanged(String)
    /// Its concurrency group is full: it waits for its turn.
    case concurrencyLimit(String)
    /// Its concurrency group is full and takes no queue: it ends without having started.
    case concurrencyRejected(String)
    /// A newer run of its concurrency group takes its place: it ends as if it were cancelled, whether started or not.
    case superseded(String)
}

/// How far the run's ref has been resolved to a commit.
package enum SourceState: Equatable, Sendable {
    /// The run has no source; its stages get empty workspaces.
    case none
    /// Not known yet; the plan asks for it before the first stage that needs an agent.
    case unresolved(url: String, ref: String?)
    case resolved(ResolvedSource)
    /// Trying again can't help: no such revision, or no access.
    case failed(String)
    /// Trying again may help; the sentence says what is wrong.
    case retrying(String)
}

extension SourceState {
    /// What there is to say of it; empty where nothing has to be waited for.
    var sentence: String {
        switch self {
        case .unresolved(let url, let ref): "resolving \(ref.map { "`\($0)`" } ?? "the default branch") of \(url)"
        case .retrying(let trouble): "the source can't be resolved, trying again: \(trouble)"
        case .failed(let trouble): "the source can't be resolved: \(trouble)"
        case .none, .resolved: ""
        }
    }
}

/// What an agent says, or the controller has concluded, about one attempt.
package struct StageReport: Equatable, Sendable {
    package enum Event: Equatable, Sendable {
        case claimed(at: Timestamp)
        case declined(reason: String)
        case finished(StageOutcome)
        /// The claim deadline passed without a word.
        case unclaimed
        /// The agent's lease ended and its results were read past that end. `excused` losses (agents that ended together
        /// with the controller's own process) count towards no limit.
        case lost(reason: String, excused: Bool)
        /// The agent has not ended the stage at its timeout plus a lease.
        case overdue
    }

    package var fence: Fence
    /// The instance it comes from or is about.
    package var instance: String
    package var digest: String
    package var event: Event

    package init(fence: Fence, instance: String, digest: String, event: Event) {
        self.fence = fence
        self.instance = instance
        self.digest = digest
        self.event = event
    }
}
