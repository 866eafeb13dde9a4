package import Model

/// How the last run of each ref of one pipeline has ended, the latest end last.
package struct RefOutcomes: Equatable, Sendable {
    /// How many refs are remembered: those whose last runs ended latest.
    package static let limit = 64

    package private(set) var all: [RefOutcome] = []

    package init() {}

    package subscript(ref: String) -> Condition.Status {
        all.first { $0.ref == ref }?.succeeded ?? .unknown
    }

    /// Takes in an end unless a later one of the ref is known; returns whether that says something new of the ref, which
    /// is worth being stored.
    @discardableResult
    package mutating func note(_ outcome: RefOutcome) -> Bool {
        let former = all.firstIndex { $0.ref == outcome.ref }
        if let former, let known = all[former].time, let time = outcome.time {
            if known > time || (known == time && all[former].run == outcome.run) { return false }
        }
        let isNews = former.map { all[$0].succeeded != outcome.succeeded } ?? true
        if let former { all.remove(at: former) }
        all.append(outcome)
        if all.count > Self.limit { all.removeFirst() }
        return isNews
    }

    /// Takes in what is stored, of which newer ends may be known.
    package mutating func merge(_ stored: [RefOutcome]) {
        for outcome in stored.sorted(by: { ($0.time ?? .distantPast) < ($1.time ?? .distantPast) }) { note(outcome) }
    }
}

extension RefOutcome {
    /// What the end of a run says of its ref; nil where it says nothing: it was cancelled, or took no turn.
    package init?(_ run: PipelineRun) {
        guard let succeeded = run.status.succeeded, let end = run.status.completionTime, run.status.startTime != nil,
            succeeded.status != .unknown,
            ![Reason.cancelled, Reason.superseded, Reason.concurrencyRejected].contains(succeeded.reason)
        else { return nil }
        self.init(
            ref: Self.ref(of: run), run: run.metadata.name, succeeded: succeeded.status, time: end)
    }

    /// What runs are compared by: the ref, or the default branch where none is named.
    package static func ref(of run: PipelineRun) -> String {
        run.spec.source?.ref ?? run.spec.source?.pullRequest.map { "refs/pull/\($0)/head" } ?? "HEAD"
    }
}

extension Timestamp {
    fileprivate static let distantPast = Timestamp(microseconds: .min)
}
