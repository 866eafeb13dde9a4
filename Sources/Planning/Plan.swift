package import Model

/// What one pass over one run decides.
package struct Plan: Equatable, Sendable {
    /// The status to be stored (before the scheduler's bindings are put into it).
    package var status: PipelineRunStatus
    /// The stages that wait for an agent's slot, in the pipeline's order.
    package var ready: [ReadyStage] = []
    /// Attempts that agents hold or may be about to hold and that nobody wants any more.
    package var stops: [StopOrder] = []
    /// Whether the run's ref has to be resolved before anything can be assigned.
    package var wantsSource = false
    /// One verdict for every report of the observation, in its order.
    package var verdicts: [Verdict] = []
    /// What happened in this pass, for events, notifications and logs.
    package var happenings: [Happening] = []
    /// When time alone may change the decision (back-off, timeouts); nil if it can't.
    package var lookAgain: Timestamp?

    package init(status: PipelineRunStatus) {
        self.status = status
    }
}

/// What became of a report.
package enum Verdict: Equatable, Sendable {
    /// It is (or already was) reflected in the status.
    case accepted
    /// It is about an attempt, instance or digest other than the stored one, and is answered with a stop.
    case stale
}

/// A stage that could run now if an agent had a slot.
package struct ReadyStage: Equatable, Sendable {
    package var run: String
    package var stage: String
    /// What shares are counted by: `PipelineRun.share`.
    package var pipeline: String
    package var kind: String
    package var selector: StringMap
    /// The run's plus the stage's; higher goes first.
    package var priority: Int
    /// When the stage became ready.
    package var since: Timestamp
    /// The repository's normalised URL, to prefer an agent that has it.
    package var repository: String?

    package init(
        run: String, stage: String, pipeline: String, kind: String, selector: StringMap = StringMap(),
        priority: Int = 0, since: Timestamp, repository: String? = nil
    ) {
        self.run = run
        self.stage = stage
        self.pipeline = pipeline
        self.kind = kind
        self.selector = selector
        self.priority = priority
        self.since = since
        self.repository = repository
    }
}

/// Ends one attempt at one instance.
package struct StopOrder: Equatable, Sendable {
    package var fence: Fence
    package var instance: String
    package var digest: String
    package var reason: String

    package init(fence: Fence, instance: String, digest: String, reason: String) {
        self.fence = fence
        self.instance = instance
        self.digest = digest
        self.reason = reason
    }
}

/// Something worth telling people.
package enum Happening: Equatable, Sendable {
    case runStarted
    case runEnded(succeeded: Bool, reason: String, message: String)
    case stageEnded(stage: String, state: StageStatus.State, reason: String, message: String?)
    case stageRetried(stage: String, failures: Int, at: Timestamp)
    case stageLost(stage: String, losses: Int, reason: String)
    case stageDeclined(stage: String, reason: String)
}
