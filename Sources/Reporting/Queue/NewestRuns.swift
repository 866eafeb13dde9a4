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
        guard let commit = Self.commit(of: run), let time = Self.time(of: run) else { return }
        if let known = newest[commit], known.time >= time, known.uid != run.uid { return }
        if newest.count >= Self.limit { newest = [:] }
        newest[commit] = Beginning(time: time, uid: run.uid)
    }

    /// Whether another run of the same pipeline and commit began after this one.
    func isOutdone(_ run: PipelineRun) -> Bool {
        guard let commit = Self.commit(of: run), let known = newest[commit], known.uid != run.uid,
            let time = Self.time(of: run)
        else { return false }
        return known.time > time
    }

    /// A rerun begins anew.
    private static func time(of run: PipelineRun) -> Timestamp? {
        run.status.startTime ?? run.metadata.creationTimestamp
    }

    private static func commit(of run: PipelineRun) -> Commit? {
        guard let revision = run.status.source?.revision ?? run.spec.source?.revision else { return nil }
        let name = run.spec.pipelineRef?.name ?? run.metadata.name
        return Commit(pipeline: "\(run.metadata.namespace ?? "")/\(name)", revision: revision)
    }
}
