internal import AgentProtocol
internal import Model

/// What an agent knows of one fence.
struct Attempt: Sendable {
    enum Phase: Equatable, Sendable {
        /// `claimed` is on its way; the work starts with its ack.
        case claiming
        case running
        /// The work has ended; `finished` is on its way.
        case finishing
        /// The broker has `finished`.
        case ended
        /// It won't be run here.
        case declined(reason: String)
    }

    /// Why the work is being ended before its time.
    enum StopCause: Equatable, Sendable {
        case stopped(reason: String)
        case selfFenced(seconds: Int)
        case drained

        var reason: String {
            switch self {
            case .stopped: Reason.cancelled
            case .selfFenced: AgentReason.selfFenced
            case .drained: AgentReason.drained
            }
        }

        var message: String {
            switch self {
            case .stopped(let reason): reason
            case .selfFenced(let seconds): "the agent could not reach Kafka for \(seconds) s and ended its stages"
            case .drained: "the agent was shut down and its stages had not ended within its grace period"
            }
        }
    }

    let fence: Fence
    let digest: String
    /// Rises with every attempt that the agent hears of.
    var order = 0
    var phase: Phase
    /// Kept until the work starts.
    var assignment: Assignment?
    var claimedAt: Timestamp
    var stopCause: StopCause?
    /// The latest report about it that the broker may not have.
    var openReport: Int?
    /// How it ended; forgotten some time after the end.
    var outcome: StageOutcome?
    var endedAt: Int64 = 0

    /// Whether a presence lists it.
    var isHeld: Bool {
        switch phase {
        case .claiming, .running, .finishing: true
        case .ended, .declined: false
        }
    }

    /// Whether it takes a slot.
    var isBusy: Bool {
        switch phase {
        case .claiming, .running: true
        case .finishing, .ended, .declined: false
        }
    }
}
