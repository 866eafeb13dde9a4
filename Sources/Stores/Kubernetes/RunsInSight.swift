internal import Model

/// What the watch has shown of all runs: next to nothing but their versions, since whoever follows keeps the rest.
struct RunsInSight: Sendable {
    private var runs: [String: RunProgress] = [:]
    /// Runs that are gone. A UID never comes back.
    private var gone = RecentTexts(limit: 4096)

    var count: Int { runs.count }

    func isGone(_ uid: String) -> Bool { gone.contains(uid) }

    /// Everything has been listed, after every answer so far.
    mutating func listed(_ listed: [PipelineRun]) {
        var progress: [String: RunProgress] = [:]
        progress.reserveCapacity(listed.count)
        for run in listed { progress[run.uid] = RunProgress(shown: run.metadata.resourceVersion) }
        for uid in runs.keys where progress[uid] == nil { gone.insert(uid) }
        runs = progress
    }

    /// Whether a version that the watch shows is to be reported.
    mutating func shows(_ version: String, of uid: String) -> Bool {
        if gone.contains(uid) { return false }
        return runs[uid, default: RunProgress()].shows(version)
    }

    /// Whether that is news.
    mutating func wasDeleted(_ uid: String) -> Bool {
        guard gone.insert(uid) else { return false }
        runs[uid]?.wasDeleted()
        if runs[uid]?.hasRequest == false { runs[uid] = nil }
        return true
    }

    mutating func requested(_ uid: String) {
        runs[uid, default: RunProgress()].requested()
    }

    mutating func answered(_ uid: String, _ answer: RunProgress.Answer) {
        runs[uid]?.answered(answer)
        if let run = runs[uid], run.isDeleted || run.isUnknown { runs[uid] = nil }
    }

    /// A direct read has found the run at that version (nil: not at all): whether it is there.
    mutating func found(_ version: String?, of uid: String) -> Bool {
        guard !gone.contains(uid) else { return false }
        // What the watch has shown by now is no older than a request that it has overtaken, or will soon be.
        if runs[uid] != nil { return version != nil }
        guard let version else {
            gone.insert(uid)
            return false
        }
        var progress = RunProgress()
        progress.answered(.version(version))
        runs[uid] = progress
        return true
    }
}
