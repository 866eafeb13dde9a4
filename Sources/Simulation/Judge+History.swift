internal import Controller
internal import Model

// What may be deleted: runs that have ended, once their pipeline's limits say so, and then they have to go.
extension Judge {
    func noteEnding(_ run: PipelineRun) {
        guard let name = run.spec.pipelineRef?.name, let time = run.status.completionTime else { return }
        endings[name, default: []].append(
            Ending(uid: run.uid, time: time, succeeded: run.status.succeeded?.status == .true))
    }

    /// A controller asks for a deletion: by all that has ever ended the run has to be beyond a limit, or its time over.
    func deletes(_ reference: RunReference, _ process: ControllerProcess) {
        // What has changed in the meantime makes a conflict of it.
        guard let run = world.store.run(reference.uid), run.metadata.resourceVersion == reference.resourceVersion,
            let end = run.status.completionTime
        else { return }
        let spec = spec(of: run)
        if let seconds = spec?.ttlSecondsAfterFinished, end.adding(seconds: seconds) <= process.wall { return }
        if let name = run.spec.pipelineRef?.name, let limit = spec?.limit(succeeded: run.hasSucceeded) {
            let newer = endings[name, default: []].filter { ending in
                ending.succeeded == run.hasSucceeded && ending.uid != run.uid
                    && (ending.time > end || ending.time == end && ending.uid > run.uid)
            }
            if Set(newer.map(\.uid)).count >= limit { return }
        }
        violated("a run is kept for as long as its pipeline says", "\(process.identity) deletes \(run.uid)")
    }

    /// A deletion is carried out.
    func hasHadItsTime(_ run: PipelineRun) {
        if !run.hasEnded { violated("nothing active is deleted", run.uid) }
        quietSince = nil
    }

    /// A pipeline that keeps more than it should; nil where none does.
    func overfullHistory() -> String? {
        var kept: [String: Int] = [:]
        for uid in world.store.uids {
            guard let run = world.store.run(uid), let end = run.status.completionTime, let spec = spec(of: run) else {
                continue
            }
            if let seconds = spec.ttlSecondsAfterFinished, !world.isSkewed,
                end.adding(seconds: seconds) < World.wall(at: world.now)
            {
                return "\(uid) has had its time"
            }
            guard let name = run.spec.pipelineRef?.name, let limit = spec.limit(succeeded: run.hasSucceeded) else {
                continue
            }
            kept["\(name) \(run.hasSucceeded)", default: 0] += 1
            if kept["\(name) \(run.hasSucceeded)", default: 0] > limit { return "\(name) keeps more than \(limit)" }
        }
        return nil
    }

    private func spec(of run: PipelineRun) -> PipelineSpec? {
        guard let name = run.spec.pipelineRef?.name else { return run.spec.pipelineSpec }
        return world.store.pipelines.first { $0.metadata.name == name }?.spec
    }
}

extension PipelineRun {
    fileprivate var hasSucceeded: Bool { status.succeeded?.status == .true }
}

extension PipelineSpec {
    fileprivate func limit(succeeded: Bool) -> Int? {
        succeeded ? successfulRunsHistoryLimit : failedRunsHistoryLimit
    }
}
