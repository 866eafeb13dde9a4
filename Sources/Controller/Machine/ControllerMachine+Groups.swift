internal import Model
internal import Planning

// Concurrency groups: which runs there are in each, and which of them may go (`admit` decides).
//
// A run takes part from the moment when nothing else keeps it from starting until its end is stored: a place that is
// given on before that could be given twice, by the controller that comes after a crash.
extension ControllerMachine {
    /// Has a run take part in its group, or leave it, as things stand now.
    mutating func enrol(_ uid: String) {
        // Most runs have no group, and never had one.
        guard runs[uid]?.graph?.spec.concurrency != nil || runs[uid]?.applicant != nil || runs[uid]?.admission != nil
        else { return }
        let former = runs[uid]?.applicant
        let applicant = runs[uid].flatMap { self.applicant($0) }
        guard former != applicant else { return }
        runs[uid]?.applicant = applicant
        if let former, former.group != applicant?.group { leave(former) }
        guard let applicant else {
            if runs[uid]?.admission != nil { runs[uid]?.admission = nil }
            return
        }
        groups[applicant.group, default: []].insert(uid)
        changedGroups.insert(applicant.group)
    }

    /// Gives a run's place on.
    mutating func leave(_ applicant: Applicant) {
        groups[applicant.group]?.remove(applicant.run)
        if groups[applicant.group]?.isEmpty == true { groups[applicant.group] = nil }
        changedGroups.insert(applicant.group)
    }

    /// Decides anew about the groups in which something has changed, and has those looked at for whom that is news.
    mutating func admitGroups() {
        for group in changedGroups.sorted() {
            let members = (groups[group] ?? []).sorted()
            let applicants = members.compactMap { runs[$0]?.applicant }
            for (applicant, obstacle) in zip(applicants, admit(applicants)) {
                guard runs[applicant.run]?.admission != obstacle else { continue }
                runs[applicant.run]?.admission = obstacle
                touch(applicant.run)
            }
        }
        changedGroups = []
    }

    /// Nil for a run without a group, and for one that takes no place: it has ended, or something else keeps it from
    /// starting (its pipeline is suspended, a person has to let it go), behind which no other should wait.
    private func applicant(_ entry: RunEntry) -> Applicant? {
        guard let graph = entry.graph, let concurrency = graph.spec.concurrency else { return nil }
        let run = entry.run
        // One that never began gives nothing on that could be given twice.
        let isOver = run.status.isFinished && (entry.stored.isFinished || run.status.startTime == nil)
        let hasStarted = run.status.startTime != nil && !isOver
        if !hasStarted {
            guard entry.obstacle == nil, run.metadata.deletionTimestamp == nil, !isOver || run.wantsRerun,
                run.paramComplaint(for: graph.spec) == nil,
                // A rerun begins though it is paused, and takes a place then.
                run.spec.desiredState == .running || isOver
            else { return nil }
        }
        guard let name = try? graph.concurrencyGroup(of: run) else { return nil }
        return Applicant(
            run: run.uid, name: run.metadata.name, group: key(name, run.metadata.namespace), shown: name,
            limit: concurrency.limit, policy: concurrency.policy, hasStarted: hasStarted,
            created: run.metadata.creationTimestamp ?? Timestamp(seconds: 0), received: run.receivedTime)
    }
}

extension PipelineRun {
    /// When the event that made the run arrived; a cluster's creation times are whole seconds.
    fileprivate var receivedTime: Timestamp? { metadata.annotations[RunLabels.received].flatMap { Timestamp($0) } }
}
