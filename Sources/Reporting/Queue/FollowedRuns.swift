internal import Model

/// The last that is known of each run that there is, and what has been told of it.
///
/// Of a run that has been told to its end, or that nobody wants to be told of, only a few words are kept.
struct FollowedRuns {
    private struct Entry {
        /// Nil where there is nothing to tell.
        var run: PipelineRun?
        /// Its status has come from the controller of this process, which is the only one that writes it: what the store
        /// tells may be older.
        var isControlled = false
        /// What this process has told, by target; the status says so only later.
        var told: [NotificationRecord] = []
        /// The end that it had come to long before this process saw it.
        var pastEnd: End?
        /// It was deleted after its end, before all had been told of that.
        var isGone = false
        /// The event that a target refused for good.
        var refused: [(target: String, event: String)] = []
    }

    /// One of the ends of a run that may be run again.
    private struct End: Equatable {
        var rerun: Int
        var time: Timestamp?

        init(_ run: PipelineRun) {
            rerun = run.status.observedRerun
            time = run.status.completionTime
        }
    }

    private var entries: [String: Entry] = [:]

    /// The uids of runs that are kept whole.
    var kept: [String] { entries.filter { $0.value.run != nil }.keys.sorted() }

    func run(_ uid: String) -> PipelineRun? { entries[uid]?.run }

    /// What a target has been told of a run: by this process, else by the status.
    func told(_ uid: String, _ target: String) -> NotificationRecord? {
        guard let entry = entries[uid] else { return nil }
        return entry.told.first { $0.target == target }
            ?? entry.run?.status.notifications.last { $0.target == target }
    }

    func told(_ run: PipelineRun, _ target: String) -> NotificationRecord? {
        entries[run.uid]?.told.first { $0.target == target }
            ?? run.status.notifications.last { $0.target == target }
    }

    /// All that the store has.
    ///
    /// - Returns: The uids of runs of which nothing is kept any more.
    mutating func listed(_ runs: [PipelineRun]) -> [String] {
        let present = Set(runs.map(\.uid))
        return entries.keys.filter { !present.contains($0) }.sorted().filter { gone($0) }
    }

    /// Takes what the store tells of a run, unless the controller has told more.
    ///
    /// - Parameter isPast: Whether it ended so long ago that nobody wants to know, if it is seen for the first time.
    /// - Returns: The run as it stands now; nil where nothing new has been said.
    mutating func followed(_ run: PipelineRun, isPast: Bool) -> PipelineRun? {
        defer { noteEnd(run.uid) }
        guard let entry = entries[run.uid], entry.isControlled else {
            entries[run.uid, default: Entry(pastEnd: isPast ? End(run) : nil)].run = run
            return run
        }
        // What has been told to its end goes on only by the controller's word.
        guard let known = entry.run else { return nil }
        var run = run
        run.status = known.status
        entries[run.uid]?.run = run
        return run
    }

    /// Takes what the controller has stored.
    ///
    /// - Returns: False for a run that the store hasn't told of, or that is gone.
    mutating func observed(_ run: PipelineRun) -> Bool {
        guard entries[run.uid] != nil else { return false }
        entries[run.uid]?.run = run
        entries[run.uid]?.isControlled = true
        noteEnd(run.uid)
        return true
    }

    /// What has ended long ago may run again, and may come to its next end at once.
    private mutating func noteEnd(_ uid: String) {
        guard let entry = entries[uid], let run = entry.run, let end = entry.pastEnd, end != End(run) else { return }
        entries[uid]?.pastEnd = nil
    }

    /// The run has been deleted. What has ended, and is still to be told of, is kept until it has been told.
    ///
    /// - Returns: Whether nothing of it is kept.
    mutating func gone(_ uid: String) -> Bool {
        if entries[uid]?.run?.status.isFinished == true {
            entries[uid]?.isGone = true
            return false
        }
        entries[uid] = nil
        return true
    }

    func isLate(_ uid: String) -> Bool { entries[uid]?.pastEnd != nil }
    func isGone(_ uid: String) -> Bool { entries[uid]?.isGone ?? false }

    mutating func tell(_ record: NotificationRecord, of uid: String) {
        entries[uid]?.told.removeAll { $0.target == record.target }
        entries[uid]?.told.append(record)
        entries[uid]?.refused.removeAll { $0.target == record.target }
    }

    mutating func refuse(_ event: String, of uid: String, by target: String) {
        entries[uid]?.refused.removeAll { $0.target == target }
        entries[uid]?.refused.append((target, event))
    }

    /// - Parameter event: Asked for only where the target has refused something.
    func isRefused(_ event: @autoclosure () -> String, of uid: String, by target: String) -> Bool {
        guard let refused = entries[uid]?.refused.first(where: { $0.target == target }) else { return false }
        return refused.event == event()
    }

    /// There may be more to tell of a run that has been told to its end.
    ///
    /// - Returns: The run as it stands, where it is followed.
    mutating func reopen(_ run: PipelineRun) -> PipelineRun? {
        guard let entry = entries[run.uid] else { return nil }
        guard entry.run == nil else { return entry.run }
        // What isn't kept has ended, or is wanted by nobody.
        guard run.status.isFinished else { return nil }
        entries[run.uid]?.run = run
        return run
    }

    /// There is nothing more to tell of the run as it stands.
    ///
    /// - Returns: Whether it was kept until now.
    @discardableResult
    mutating func settle(_ uid: String) -> Bool {
        guard let entry = entries[uid], entry.run != nil else { return false }
        if entry.isGone { entries[uid] = nil } else { entries[uid]?.run = nil }
        return true
    }
}
