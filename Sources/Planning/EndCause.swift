import Model

/// Why a stage, or a run as a whole, ended as it did.
package enum EndCause: Equatable, Sendable {
    case succeeded(String)
    case approved
    case failed(String)
    case timedOut(String)
    /// Its agents were lost with it, or ended it by themselves.
    case lost(String)
    case rejected
    /// A reference without a value, a value or a result that may not be.
    case badValue(String)
    /// It waited past the run's end.
    case neverStarted(String)
    /// The store refused the run's status for good.
    case statusRejected(String)
    case whenNotMet(String)
    /// Something that it needs failed, directly or not; `root` is what failed first.
    case needFailed(String, root: Root?)
    case needSkipped(String)
    case halted(String, root: Root?)
    case failFast(String)
    case sourceUnavailable(String)
    case cancelled(String)
    case superseded(String)
    case rejectedByGroup(String)
    case runTimeout(String)
    case invalidSpec(String)
    /// A run that went on after failures that its pipeline tolerates.
    case completedWithFailures(String)
    /// A run of which that stage failed.
    case stageFailed(String)

    /// The failure that others follow from.
    package struct Root: Equatable, Sendable {
        package var title: String
        package var message: String?
    }

    /// - Parameters:
    ///   - reason: The stored one; a failed stage may have a word that its agent chose.
    ///   - text: The stored message.
    init(_ state: StageStatus.State, reason: String?, text: String, root: Root? = nil) {
        switch reason {
        case Reason.approved: self = .approved
        case Reason.rejected: self = .rejected
        case Reason.timeout: self = .timedOut(text)
        case Reason.agentLost, Reason.agentStopped: self = .lost(text)
        case Reason.unresolvedReference, Reason.valueTooLarge, Reason.resultsTooLarge, Reason.resultsInvalid:
            self = .badValue(text)
        case Reason.runTimeout: self = state == .failed ? .neverStarted(text) : .runTimeout(text)
        case Reason.statusRejected: self = .statusRejected(text)
        case Reason.whenNotMet: self = .whenNotMet(text)
        case Reason.needFailed: self = .needFailed(text, root: root)
        case Reason.needSkipped: self = .needSkipped(text)
        case Reason.halted: self = .halted(text, root: root)
        case Reason.failFast: self = .failFast(text)
        case Reason.sourceUnavailable where state != .failed: self = .sourceUnavailable(text)
        case Reason.superseded: self = .superseded(text)
        case Reason.invalidSpec: self = .invalidSpec(text)
        default:
            switch state {
            case .succeeded: self = .succeeded(text)
            case .cancelled: self = .cancelled(text)
            case .skipped: self = .needSkipped(text)
            case .failed, .pending, .waiting, .queued, .assigned, .running: self = .failed(text)
            }
        }
    }

    /// Of a whole run, by its `Succeeded` condition.
    init(_ condition: Condition) {
        let text = condition.message
        switch condition.reason {
        case Reason.succeeded: self = .succeeded(text)
        case Reason.completedWithFailures: self = .completedWithFailures(text)
        case Reason.stageFailed: self = .stageFailed(text)
        case Reason.cancelled: self = .cancelled(text)
        case Reason.superseded: self = .superseded(text)
        case Reason.concurrencyRejected: self = .rejectedByGroup(text)
        case Reason.runTimeout: self = .runTimeout(text)
        case Reason.sourceUnavailable: self = .sourceUnavailable(text)
        case Reason.invalidSpec, Reason.specChanged: self = .invalidSpec(text)
        case Reason.statusRejected: self = .statusRejected(text)
        default: self = condition.status == .true ? .succeeded(text) : .failed(text)
        }
    }
}

extension EndCause {
    /// Why, as a sentence without a full stop; empty where the state says it all.
    package var text: String {
        switch self {
        case .succeeded(let text), .failed(let text), .timedOut(let text), .lost(let text), .badValue(let text),
            .neverStarted(let text), .statusRejected(let text), .whenNotMet(let text), .needSkipped(let text),
            .failFast(let text), .sourceUnavailable(let text), .cancelled(let text), .superseded(let text),
            .rejectedByGroup(let text), .runTimeout(let text), .invalidSpec(let text),
            .completedWithFailures(let text), .stageFailed(let text):
            text
        case .approved: "a person approved it"
        case .rejected: "a person rejected it"
        case .needFailed(let text, let root), .halted(let text, let root): Self.tracing(text, to: root)
        }
    }

    /// What would let it end otherwise; nil where it ended well.
    package func remedy(run: String, stage: String?) -> String? {
        let rerun = "`martlet rerun \(run)`"
        let logs = stage.map { "`martlet logs \(run) \($0)`" } ?? "`martlet logs \(run)`"
        switch self {
        case .succeeded, .approved: return nil
        case .completedWithFailures: return "nothing has to be done; \(rerun) tries what failed again"
        case .failed: return "mend what \(logs) shows, then \(rerun)"
        case .stageFailed: return "`martlet logs \(run)` shows what was printed; \(rerun) tries it again"
        case .timedOut: return "a higher `timeoutSeconds`, or less to do; \(rerun) tries it again"
        case .lost: return "see why its agents ended; \(rerun) tries it again"
        case .rejected: return "\(rerun) asks again"
        case .badValue: return "mend the pipeline or what gives the value, then make a new run"
        case .neverStarted: return "an agent that can take it, then \(rerun)"
        case .statusRejected: return "mend what the store refused, then \(rerun)"
        case .whenNotMet: return "a new run for which it holds"
        case .needFailed(_, let root), .halted(_, let root):
            return "mend \(root.map { "`\($0.title)`" } ?? "what failed"), then \(rerun)"
        case .needSkipped: return "a run in which what it needs is not skipped"
        case .failFast: return "mend the combination that failed, then \(rerun); or `failFast: Disabled`"
        case .sourceUnavailable: return "mend the source, then \(rerun)"
        case .cancelled: return "\(rerun) runs it again"
        case .superseded: return "nothing: the newer run does its work"
        case .rejectedByGroup: return "make a new run once the group has room"
        case .runTimeout: return "a higher `timeoutSeconds` of the pipeline; \(rerun) runs the rest"
        case .invalidSpec: return "mend it; `martlet validate` says where it is wrong"
        }
    }

    private static func tracing(_ text: String, to root: Root?) -> String {
        guard let root else { return text }
        let message = root.message.map { $0.isEmpty ? "" : ": \($0)" } ?? ""
        // The stored message names what failed already where nothing lies between.
        if text.contains("`\(root.title)`") { return text + message }
        return "\(text); `\(root.title)` failed first\(message)"
    }
}
