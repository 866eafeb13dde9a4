/// Where one stage (or one combination of a matrix) of a run stands.
package struct StageStatus: Fields, Equatable {
    package enum State: String, Choice {
        /// Something that it needs has not ended.
        case pending = "Pending"
        /// Its needs are met, but a time, a person or the run's own state holds it back.
        case waiting = "Waiting"
        /// Ready; waits for an agent's slot.
        case queued = "Queued"
        /// Bound to an agent's instance, which has not claimed it yet.
        case assigned = "Assigned"
        case running = "Running"
        case succeeded = "Succeeded"
        case failed = "Failed"
        case skipped = "Skipped"
        case cancelled = "Cancelled"

        /// Whether nothing more happens to the stage, but for a rerun.
        package var isFinal: Bool {
            switch self {
            case .succeeded, .failed, .skipped, .cancelled: true
            case .pending, .waiting, .queued, .assigned, .running: false
            }
        }

        /// Whether an agent holds, or is being given, the stage's present attempt.
        package var isBound: Bool { self == .assigned || self == .running }
    }

    /// A message's largest size in UTF-8 bytes.
    package static let messageLimit = 512
    package static let resultsLimit = 16
    package static let resultLimit = 1024

    /// `test`, or `test.3` for the third combination of a matrix, counted from zero.
    package var id = ""
    package var state = State.pending
    /// One CamelCase word for programs.
    package var reason: String?
    /// A sentence for people, at most 512 bytes.
    package var message: String?
    /// Only rises, across reruns too; 0 before the first.
    package var attempt = 0
    /// Attempts that failed by themselves since the last rerun.
    package var failures = 0
    /// Attempts lost with their agent since the last rerun.
    package var losses = 0
    /// The agent that holds or held the present attempt.
    package var agent: String?
    package var instance: String?
    /// Of the resolved assignment and the instance it is for.
    package var digest: String?
    /// When the stage became ready for its present attempt.
    package var queuedTime: Timestamp?
    package var assignedTime: Timestamp?
    package var startTime: Timestamp?
    package var completionTime: Timestamp?
    package var results: [Param] = []
    /// Not before this time, after a failure with back-off.
    package var retryAt: Timestamp?
    /// Where the logs of the last attempt are.
    package var logs: String?

    package init() {}

    package init(id: String, state: State = .pending) {
        self.id = id
        self.state = state
    }

    package mutating func visit(_ visitor: inout some FieldVisitor) {
        visitor.text("id", &id, .filled(80))
        visitor.requiredChoice("state", &state)
        visitor.text("reason", &reason, .filled(128))
        visitor.text("message", &message, .any(Self.messageLimit))
        visitor.number("attempt", &attempt, default: 0, in: 0...Int(Int32.max))
        visitor.number("failures", &failures, default: 0, in: 0...Int(Int32.max))
        visitor.number("losses", &losses, default: 0, in: 0...Int(Int32.max))
        visitor.text("agent", &agent, .filled(253))
        visitor.text("instance", &instance, .filled(64))
        visitor.text("digest", &digest, .filled(64))
        visitor.time("queuedTime", &queuedTime)
        visitor.time("assignedTime", &assignedTime)
        visitor.time("startTime", &startTime)
        visitor.time("completionTime", &completionTime)
        visitor.list("results", &results, atMost: Self.resultsLimit, uniqueBy: ["name"])
        visitor.time("retryAt", &retryAt)
        visitor.text("logs", &logs, .filled(255))
    }

    /// The present attempt's fence.
    package func fence(in run: String) -> Fence {
        Fence(run: run, stage: id, attempt: attempt)
    }
}

/// The words that `reason` takes, on stages and on conditions.
package enum Reason {
    package static let needsPending = "WaitingForNeeds"
    package static let approvalPending = "WaitingForApproval"
    package static let backOff = "BackOff"
    package static let maxParallel = "MaxParallel"
    package static let paused = "Paused"
    package static let resolvingSource = "ResolvingSource"
    package static let noAgent = "NoAgent"
    package static let kafkaUnreachable = "KafkaUnreachable"
    package static let assigned = "Assigned"
    package static let running = "Running"
    package static let succeeded = "Succeeded"
    package static let approved = "Approved"
    package static let failure = "Failure"
    package static let timeout = "Timeout"
    package static let agentLost = "AgentLost"
    package static let rejected = "Rejected"
    package static let unresolvedReference = "UnresolvedReference"
    package static let sourceUnavailable = "SourceUnavailable"
    package static let statusRejected = "StatusRejected"
    package static let whenNotMet = "WhenNotMet"
    package static let needSkipped = "NeedSkipped"
    package static let needFailed = "NeedFailed"
    package static let halted = "RunHalted"
    package static let failFast = "FailFast"
    package static let cancelled = "Cancelled"
    package static let runTimeout = "RunTimeout"
    package static let completedWithFailures = "CompletedWithFailures"
    package static let stageFailed = "StageFailed"
    package static let accepted = "Accepted"
    package static let invalidSpec = "InvalidSpec"
    package static let specChanged = "SpecChanged"
    package static let pipelineNotFound = "PipelineNotFound"
    package static let pipelineSuspended = "PipelineSuspended"
    package static let active = "Active"
}
