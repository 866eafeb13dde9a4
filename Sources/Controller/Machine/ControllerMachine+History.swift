internal import Model
internal import Planning

/// Ended runs that share their limits.
enum HistoryGroup: Hashable, Sendable {
    /// The runs that name a pipeline, by its key.
    case pipeline(String)
    /// A run with a pipeline of its own, by UID: only its time to live counts.
    case run(String)
}

/// The ended runs of a group, and when they are looked at.
struct History: Sendable {
    var runs: Set<String> = []
    /// The uptime of the look that is due because something has changed.
    var dueAt: Int64?
    /// The uptime of the look that is due because of time alone.
    var expiryAt: Int64?
}

/// How far a run has come on its way out.
enum Deletion: Equatable, Sendable {
    case none
    /// The store has been asked, after it could not so often.
    case asked(failures: Int)
    /// It could not, so often; not asked again before that uptime.
    case failed(Int, until: Int64)
    /// It is gone, as the store will tell everyone.
    case done
}

// Which ended runs have had their time (`cutHistory` decides), and what the store says to their deletion.
extension ControllerMachine {
    /// From a change to the look at its history, so that a hundred ends in a second share one.
    private static let historyDelay = seconds(1)
    private static let longestDeleteWait = seconds(60)

    /// Notes that a run has come to rest, or has something else said about it while it is.
    mutating func noteEnd(_ uid: String, at now: Moment) {
        guard let entry = runs[uid], entry.stored.isFinished, let group = historyGroup(of: entry.run) else { return }
        histories[group, default: History()].runs.insert(uid)
        lookAtHistory(group, at: now)
    }

    /// Has a group looked at soon, if there is any limit to it.
    mutating func lookAtHistory(_ group: HistoryGroup, at now: Moment) {
        guard let history = histories[group], history.dueAt == nil, isLimited(group) else { return }
        let due = now.uptime + Self.historyDelay
        histories[group]?.dueAt = due
        timers.push(.history(group), at: due)
    }

    private func historyGroup(of run: PipelineRun) -> HistoryGroup? {
        if let name = run.spec.pipelineRef?.name { return .pipeline(key(name, run.metadata.namespace)) }
        return run.spec.pipelineSpec?.ttlSecondsAfterFinished == nil ? nil : .run(run.uid)
    }

    private func isLimited(_ group: HistoryGroup) -> Bool {
        // Runs of a pipeline that is gone may have times to live of their own.
        guard case .pipeline(let key) = group, let spec = pipelines[key]?.spec else { return true }
        return spec.successfulRunsHistoryLimit != nil || spec.failedRunsHistoryLimit != nil
            || spec.ttlSecondsAfterFinished != nil
    }

    mutating func fireHistory(_ group: HistoryGroup, at now: Moment) {
        guard let history = histories[group] else { return }
        let isDue = history.dueAt.map { $0 <= now.uptime } ?? false
        let isExpiry = history.expiryAt.map { $0 <= now.uptime } ?? false
        if isDue { histories[group]?.dueAt = nil }
        if isExpiry { histories[group]?.expiryAt = nil }
        // The timers also hold times that have been brought forward since.
        if isDue || isExpiry { cut(group, at: now) }
    }

    /// Gathers a group's ended runs, and has those deleted that have had their time.
    private mutating func cut(_ group: HistoryGroup, at now: Moment) {
        var pipeline: Pipeline?
        if case .pipeline(let key) = group { pipeline = pipelines[key] }
        var ended: [EndedRun] = []
        var again: Int64?
        // In no order: the decision has one of its own.
        for uid in histories[group]?.runs ?? [] {
            guard let entry = runs[uid], entry.stored.isFinished else {
                histories[group]?.runs.remove(uid)
                continue
            }
            var isWanted = !isAtRest(entry)
            switch entry.deletion {
            case .asked, .done: continue
            case .failed(_, let until) where until > now.uptime:
                isWanted = true
                again = min(again ?? until, until)
            case .failed, .none: break
            }
            // An end that isn't stored yet may never be.
            var run = entry.run
            run.status = entry.stored
            if let run = EndedRun(run, pipeline: pipeline, isWanted: isWanted) { ended.append(run) }
        }
        let cut = cutHistory(ended, limits: pipeline.map { HistoryLimits($0.spec) } ?? HistoryLimits(), now: now.wall)
        for uid in cut.delete {
            guard let entry = runs[uid] else { continue }
            if case .failed(let failures, _) = entry.deletion {
                runs[uid]?.deletion = .asked(failures: failures)
            } else {
                runs[uid]?.deletion = .asked(failures: 0)
            }
            actions.append(
                .delete(
                    RunReference(
                        uid: uid, name: entry.run.metadata.name, namespace: entry.run.metadata.namespace,
                        resourceVersion: entry.version)))
        }
        if let time = cut.lookAgain { again = min(again ?? .max, now.uptime(at: time)) }
        if let again { watchExpiry(of: group, at: max(again, now.uptime + 1000)) }
    }

    /// Whether all that is known of a run is stored, and nothing of it is under way.
    private func isAtRest(_ entry: RunEntry) -> Bool {
        !entry.isWriting && entry.update == nil && entry.incoming.isEmpty && entry.unstored.isEmpty
            // What is refused for good is all that is ever going to be known.
            && (entry.run.status == entry.stored || entry.wasRefused) && claimsByRun[entry.run.uid, default: []].isEmpty
    }

    /// Has a group looked at when time has come; a second more or less makes no difference, and no further timer.
    private mutating func watchExpiry(of group: HistoryGroup, at uptime: Int64) {
        if let pending = histories[group]?.expiryAt, pending <= uptime + Self.historyDelay { return }
        histories[group]?.expiryAt = uptime
        timers.push(.history(group), at: uptime)
    }

    /// The store's answer to `ControllerAction.delete`.
    mutating func deleted(_ uid: String, _ outcome: DeleteOutcome, at now: Moment) {
        guard let entry = runs[uid], case .asked(let failures) = entry.deletion else { return }
        switch outcome {
        case .deleted, .gone: runs[uid]?.deletion = .done
        case .conflict, .failed:
            let wait = min(Self.longestDeleteWait, Int64(500_000) << Int64(min(failures, 20)))
            runs[uid]?.deletion = .failed(failures + 1, until: now.uptime + wait)
            if let group = historyGroup(of: entry.run) { watchExpiry(of: group, at: now.uptime + wait) }
            guard case .failed(let reason) = outcome else { return }
            actions.append(
                .warn(ControllerWarning("it could not be deleted: \(reason); trying again", about: entry.run)))
        }
    }

    /// Forgets a run that is gone.
    mutating func leaveHistory(_ run: PipelineRun) {
        guard let group = historyGroup(of: run) else { return }
        histories[group]?.runs.remove(run.uid)
        if histories[group]?.runs.isEmpty == true { histories[group] = nil }
    }
}
