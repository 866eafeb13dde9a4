internal import Model

/// Words about a run that more than one target uses.
enum RunWords {
    /// A branch or tag as people name it: `main`, `v1`, `#12`.
    static func ref(_ run: RunSummary) -> String? {
        if let number = run.pullRequest { return "#\(number)" }
        guard let ref = run.ref else { return nil }
        for prefix in ["refs/heads/", "refs/tags/", "refs/"] where ref.hasPrefix(prefix) {
            return String(ref.dropFirst(prefix.count))
        }
        return ref
    }

    /// `1a2b3c4`.
    static func commit(_ revision: String) -> String { String(revision.prefix(7)) }

    /// From the start to the end, `2 min 5 s`; nil while it goes on.
    static func duration(from start: Timestamp?, to end: Timestamp?) -> String? {
        guard let start, let end, end >= start else { return nil }
        let seconds = end.since(start) / 1_000_000
        switch seconds {
        case ..<60: return "\(seconds) s"
        case ..<3600: return "\(seconds / 60) min \(seconds % 60) s"
        default: return "\(seconds / 3600) h \(seconds / 60 % 60) min"
        }
    }

    /// Why a stage failed, in a sentence.
    static func failure(_ stage: RunSummary.Stage) -> String {
        if let message = stage.status.message, !message.isEmpty { return message }
        switch stage.status.reason {
        case Reason.timeout: return "took longer than its timeoutSeconds"
        case Reason.agentLost: return "its agents were lost with it"
        case let reason?: return reason
        case nil: return "failed"
        }
    }
}
