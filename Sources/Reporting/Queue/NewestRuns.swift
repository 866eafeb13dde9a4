internal import Model

/// Which run of a pipeline was the last to begin at a commit: what a host shows of the commit is that one's to say.
///
/// After an outage all that was not told is told, each run in a time of its own; an older one's failure must not cover a
/// newer one's success.
struct NewestRuns {
    /// More commits than anybody has under way; when it is full it begins anew.
    private static let limit = 20_000

    private struct Commit: Hashable {
        var pipeline: String
        var revision: String
    }

    private struct Beginning {
        var time: Timestamp
        var uid: String
    }

    private var newest: [Commit: Beginning] = [:]

    mutating func note(_ run: PipelineRun) {
        guard let commit = Self.commit(of: run), let time = run.status.startTime else { return }
        if let known = newest[commit], known.time >= time, known.uid != run.uid { return }
        if newest.count >= Self.limit { newest = [:] }
        newest[commit] = Beginning(time: time, uid: run.uid)
    }

    /// Whether another run of the same pipeline and commit began after this one, or this one has not begun.
    func isOutdone(_ run: PipelineRun) -> Bool {
        guard let commit = Self.commit(of: run), let known = newest[commit], known.uid != run.uid else { return false }
        // A rerun begins anew.
        return run.status.startTime.map { known.time > $0 } ?? true
    }

    private static func commit(of run: PipelineRun) -> Commit? {
        guard let revision = run.status.source?.revision ?? run.spec.source?.revision else { return nil }
        let name = run.spec.pipelineRef?.name ?? run.metadata.name
        return Commit(pipeline: "\(run.metadata.namespace ?? "")/\(name)", revision: revision)
    }
}
