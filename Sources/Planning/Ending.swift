import Model

/// Why a whole run is being brought to its end before its stages have come to theirs.
///
/// Once decided it stays, but for a rerun: while the run winds down, the reason of its `Succeeded` condition (still
/// `Unknown`) keeps it across restarts and changes of mind.
enum Ending: String {
    case cancelled = "Cancelled"
    case superseded = "Superseded"
    case timeout = "RunTimeout"
    case sourceUnavailable = "SourceUnavailable"
    case invalid = "InvalidSpec"

    /// The one that a stored status is under.
    init?(storedIn status: PipelineRunStatus) {
        guard let condition = status.succeeded, condition.status == .unknown else { return nil }
        self.init(rawValue: condition.reason)
    }

    /// What becomes of stages that have not started.
    var state: StageStatus.State { self == .sourceUnavailable ? .skipped : .cancelled }

    /// Whether the stages of `finally` run: not where nothing can be checked out for them, or they can't be read.
    var allowsFinally: Bool { self != .sourceUnavailable && self != .invalid }

    /// For stages and stops.
    var explanation: String {
        switch self {
        case .cancelled: "the run was cancelled"
        case .superseded: "a newer run took this run's place"
        case .timeout: "the run took longer than its timeoutSeconds"
        case .sourceUnavailable: "the run's source can't be resolved"
        case .invalid: "the run's spec is not valid"
        }
    }
}
