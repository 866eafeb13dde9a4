internal import Model
internal import Planning

// What concurrency groups promise: never more runs at once, by what is stored, than the most generous of them allows.
extension Judge {
    func judgeGroup(of run: PipelineRun) {
        guard !run.status.isFinished, let (group, limit) = place(of: run) else { return }
        var active = 0
        var most = limit
        for uid in world.store.uids {
            guard let other = uid == run.uid ? run : world.store.run(uid), other.status.startTime != nil,
                !other.status.isFinished, let (theirs, limit) = place(of: other), theirs == group
            else { continue }
            active += 1
            most = max(most, limit)
        }
        if active > most {
            violated("a concurrency group has its limit", "\(run.uid): \(active) of \(most) in \(group)")
        }
    }

    private func place(of run: PipelineRun) -> (group: String, limit: Int)? {
        guard let graph = graph(of: run), let concurrency = graph.spec.concurrency,
            let group = try? graph.concurrencyGroup(of: run)
        else { return nil }
        return (group, concurrency.limit)
    }
}
