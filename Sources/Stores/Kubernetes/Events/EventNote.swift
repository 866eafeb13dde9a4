internal import Model
internal import Planning

/// Something about a run that is worth a Kubernetes Event, before it is one.
struct EventNote: Equatable, Sendable {
    enum Kind: String, Sendable {
        case normal = "Normal"
        case warning = "Warning"
    }

    /// The most bytes of a message that the API takes.
    static let messageLimit = 1024

    var kind: Kind
    /// A specific CamelCase word for programs.
    var reason: String
    var message: String

    init(_ kind: Kind, _ reason: String, _ message: String) {
        self.kind = kind
        self.reason = reason
        self.message = message.prefix(bytes: Self.messageLimit)
    }

    /// Nil for what is no end, failure, retry or loss.
    init?(_ happening: Happening) {
        switch happening {
        case .runEnded(let succeeded, let reason, let message):
            self.init(Self.kind(succeeded, reason), Self.reason(ofEnd: reason), message.isEmpty ? reason : message)
        case .stageEnded(let stage, .failed, let reason, let message):
            self.init(
                .warning, "StageFailed", "stage `\(stage)` failed (\(reason))" + (message.map { ": \($0)" } ?? ""))
        case .stageRetried(let stage, let failures, _):
            self.init(.warning, "StageRetried", "stage `\(stage)` failed (\(failures) so far) and will be tried again")
        case .stageLost(let stage, let losses, let reason):
            self.init(.warning, "StageLost", "stage `\(stage)` was lost with its agent (\(losses) times): \(reason)")
        case .runStarted, .stageEnded, .stageDeclined: return nil
        }
    }

    private static func kind(_ succeeded: Bool, _ reason: String) -> Kind {
        succeeded || reason == Reason.cancelled || reason == Reason.superseded ? .normal : .warning
    }

    private static func reason(ofEnd reason: String) -> String {
        switch reason {
        case Reason.succeeded: "RunSucceeded"
        case Reason.completedWithFailures: "RunCompletedWithFailures"
        case Reason.stageFailed: "RunFailed"
        case Reason.cancelled: "RunCancelled"
        case Reason.superseded: "RunSuperseded"
        case Reason.runTimeout: "RunTimedOut"
        // The rest say by themselves what has ended the run.
        default: reason
        }
    }
}

/// Finds what is new in the statuses that are stored.
struct EventNotes: Sendable {
    /// What `Accepted` was last said to be, by run: it stays as it is over many writes.
    private var refusals = RecentValues<String>(limit: 4096)

    mutating func notes(of run: PipelineRun, _ happenings: [Happening]) -> [EventNote] {
        var notes = happenings.compactMap { EventNote($0) }
        let accepted = run.status.conditions[Condition.accepted]
        if let accepted, accepted.status == .false {
            // A run that ends for what is wrong with it is told once, as that.
            notes.removeAll { $0.reason == accepted.reason }
            let refusal = "\(accepted.reason): \(accepted.message)"
            if refusals[run.uid] != refusal {
                notes.insert(EventNote(.warning, accepted.reason, accepted.message), at: 0)
            }
            refusals.set(run.uid, refusal)
        } else if refusals[run.uid] != nil {
            refusals.set(run.uid, "")
        }
        return notes
    }
}
