internal import AgentProtocol
internal import Model
internal import Planning

// What the store says.
extension ControllerMachine {
    mutating func take(_ event: StoreEvent, at now: Moment) {
        switch event {
        case .listed(let listed, let pipelines):
            for pipeline in pipelines { keep(pipeline, at: now) }
            let names = Set(pipelines.map { key($0.metadata) })
            for name in self.pipelines.keys.sorted() where !names.contains(name) { forgetPipeline(name, at: now) }
            let uids = Set(listed.map(\.uid))
            for uid in runs.keys.sorted() where !uids.contains(uid) { gone(uid) }
            for run in listed { observe(run, at: now) }
            noteOutcomes(of: listed)
            if !isListed {
                isListed = true
                listedAt = now.uptime
                actions.append(.reportToAll)
            }
        case .run(let run): observe(run, at: now)
        case .runGone(let uid): gone(uid)
        case .pipeline(let pipeline): keep(pipeline, at: now)
        case .pipelineGone(let name, let namespace):
            forgetPipeline(key(name, namespace), at: now)
        case .drained(let agents):
            drained = Set(agents)
            for presence in fleet.presences { drainIfWanted(presence) }
        }
    }

    private func key(_ metadata: Metadata) -> String { key(metadata.name, metadata.namespace) }
    func key(_ name: String, _ namespace: String?) -> String { namespace.map { "\($0)/\(name)" } ?? name }

    private mutating func keep(_ pipeline: Pipeline, at now: Moment) {
        let key = key(pipeline.metadata)
        outcomes[key, default: RefOutcomes()].merge(pipeline.status.outcomes)
        guard pipelines[key]?.spec != pipeline.spec || pipelines[key]?.metadata != pipeline.metadata else { return }
        pipelines[key] = pipeline
        touchRuns(of: key)
        lookAtHistory(.pipeline(key), at: now)
    }

    private mutating func forgetPipeline(_ key: String, at now: Moment) {
        guard pipelines.removeValue(forKey: key) != nil else { return }
        graphs[key] = nil
        outcomes[key] = nil
        touchRuns(of: key)
        lookAtHistory(.pipeline(key), at: now)
    }

    /// Runs that have frozen their pipeline don't mind; the others wait for it.
    private mutating func touchRuns(of pipeline: String) {
        for uid in runs.keys.sorted() {
            guard let run = runs[uid]?.run, !run.status.isFinished, run.status.pipelineSpec == nil,
                let name = run.spec.pipelineRef?.name, key(name, run.metadata.namespace) == pipeline
            else { continue }
            touch(uid)
        }
    }

    mutating func observe(_ run: PipelineRun, at now: Moment) {
        let uid = run.uid
        guard var entry = runs[uid] else {
            runs[uid] = RunEntry(run)
            prepareGraph(uid)
            syncClaims(uid, at: now)
            return touch(uid)
        }
        guard entry.version != run.metadata.resourceVersion || entry.run.spec != run.spec else { return }
        if entry.isWriting {
            runs[uid]?.update = Shared(run)
            return
        }
        adopt(run, into: &entry)
        runs[uid] = entry
        syncClaims(uid, at: now)
        touch(uid)
    }

    /// Takes over an object as it is in the store. What was planned beyond the stored status is kept only where the stored
    /// status is the one that was planned upon.
    private func adopt(_ run: PipelineRun, into entry: inout RunEntry) {
        let planned = entry.run.status
        let isOurs = run.status == entry.stored
        entry.run = run
        entry.stored = run.status
        entry.version = run.metadata.resourceVersion ?? ""
        if isOurs {
            entry.run.status = planned
        } else {
            entry.incoming = entry.unstored + entry.incoming
            entry.unstored = []
            entry.happenings = []
        }
    }

    mutating func gone(_ uid: String) {
        guard let entry = runs.remove(uid) else { return }
        if entry.isWriting { writing -= 1 }
        if let applicant = entry.applicant { leave(applicant) }
        for fence in claimsByRun.removeValue(forKey: uid) ?? [] {
            if let claim = claims[fence], let inbox = fleet[claim.instance]?.presence.inbox {
                stop(fence, claim.instance, claim.digest, "the run was deleted", inbox)
            }
            drop(fence)
        }
        for incoming in entry.unstored + entry.incoming { incoming.position.map { offsets.settle($0) } }
        readyRuns.remove(uid)
        leaveHistory(entry.run)
        mustSchedule = true
    }

    mutating func wrote(_ uid: String, _ outcome: WriteOutcome, at now: Moment) {
        guard var entry = runs[uid], entry.isWriting else { return }
        let wasTouched = entry.isTouched || entry.update != nil
        entry.isTouched = false
        entry.isWriting = false
        writing -= 1
        if !entry.ready.isEmpty { mustSchedule = true }
        switch outcome {
        case .stored(let version):
            entry.run.metadata.resourceVersion = version
            stored(&entry)
        // The own write, whose answer was lost: another try has met it.
        case .conflict(let fresh) where fresh.status == entry.run.status:
            entry.run = fresh
            stored(&entry)
        case .conflict(let fresh):
            // The one who wrote was a user; anything planned upon the older object is planned anew.
            entry.stored = fresh.status
            entry.incoming = entry.unstored + entry.incoming
            entry.unstored = []
            entry.happenings = []
            entry.wasRefused = false
            entry.run = fresh
            entry.version = fresh.metadata.resourceVersion ?? ""
        case .gone:
            runs[uid] = entry
            return self.gone(uid)
        case .refused(let reason):
            actions.append(.warn(ControllerWarning("the status was refused: \(reason)", about: entry.run)))
            if entry.stored.isFinished, entry.stored.observedRerun == entry.run.status.observedRerun {
                // How a run has ended stays, though something about it can't be stored.
                entry.run.status = entry.stored
                delayWrite(&entry, atMost: Self.longestRefusalWait, at: now)
            } else {
                entry.run.status = minimalStatus(entry.run.status, reason: reason, at: now.wall)
                // Not even that little is taken: somebody has to change something before it can be.
                if entry.wasRefused { delayWrite(&entry, atMost: Self.longestRefusalWait, at: now) }
            }
            entry.wasRefused = true
        case .failed(let reason):
            delayWrite(&entry, atMost: Self.longestFailureWait, at: now)
            actions.append(
                .warn(
                    ControllerWarning("the status could not be written: \(reason); trying again", about: entry.run)))
        }
        if let update = entry.update?.value {
            entry.update = nil
            if update.metadata.resourceVersion != entry.version { adopt(update, into: &entry) }
        }
        runs[uid] = entry
        if entry.writeFailures > 0, let time = entry.writeNotBefore { wake(uid, at: time) }
        syncClaims(uid, at: now)
        if !entry.incoming.isEmpty || entry.run.status != entry.stored || outcome.isOvertaken || wasTouched {
            touch(uid)
        }
        if entry.run.status.isFinished, entry.stored.isFinished { noteOutcome(of: uid) }
        if entry.run.status.isFinished, entry.incoming.isEmpty { entryEnded(uid, at: now) }
        enrol(uid)
    }

    /// The run as it is planned is what the store holds.
    private mutating func stored(_ entry: inout RunEntry) {
        entry.version = entry.run.metadata.resourceVersion ?? ""
        entry.stored = entry.run.status
        entry.writeFailures = 0
        entry.wasRefused = false
        entry.writeDue = nil
        for incoming in entry.unstored { incoming.position.map { offsets.settle($0) } }
        entry.unstored = []
        entry.told.removeAll { entry.stored.notifications.contains($0) }
        let happenings = entry.happenings
        entry.happenings = []
        actions.append(.observed(entry.run, happenings: happenings, isStored: true))
    }

    private static let longestFailureWait = seconds(5)
    private static let longestRefusalWait = seconds(300)

    private func delayWrite(_ entry: inout RunEntry, atMost longest: Int64, at now: Moment) {
        entry.writeFailures += 1
        let wait = min(longest, Int64(100_000) << Int64(min(entry.writeFailures, 20)))
        entry.writeNotBefore = now.uptime + wait
    }

    /// A finished run needs no graph and no copy of its plan, and has become part of its pipeline's history.
    mutating func entryEnded(_ uid: String, at now: Moment) {
        // One that waits for its turn to run again goes on being planned.
        if let run = runs[uid]?.run, run.wantsRerun { return }
        runs[uid]?.graph = nil
        runs[uid]?.ready = []
        runs[uid]?.stops = []
        readyRuns.remove(uid)
        noteEnd(uid, at: now)
    }

    /// What can be stored when the planned status can't: the run has failed, and why.
    private func minimalStatus(
        _ status: PipelineRunStatus, reason: String, at now: Timestamp
    ) -> PipelineRunStatus {
        var minimal = PipelineRunStatus()
        minimal.observedGeneration = status.observedGeneration
        minimal.observedRerun = status.observedRerun
        minimal.startTime = status.startTime
        minimal.completionTime = now
        minimal.source = status.source
        minimal.specHash = status.specHash
        minimal.pipelineSpec = status.pipelineSpec
        minimal.stages = status.stages.map { stage in
            var short = StageStatus(id: stage.id, state: stage.state.isFinal ? stage.state : .failed)
            short.reason = stage.state.isFinal ? stage.reason : Reason.statusRejected
            short.attempt = stage.attempt
            return short
        }
        minimal.conditions = status.conditions.filter { $0.type != Condition.succeeded }
        minimal.conditions.set(
            Condition.succeeded, .false, reason: Reason.statusRejected,
            message: String(decoding: Array(reason.utf8.prefix(512)), as: UTF8.self), at: now)
        return minimal
    }

    mutating func looked(_ uid: String, _ answer: LookUp, at now: Moment) {
        let waiting = orphans.removeValue(forKey: uid) ?? []
        switch answer {
        case .found(let run):
            if runs[uid] == nil { observe(run, at: now) }
            runs[uid]?.incoming += waiting
            touch(uid)
        case .absent:
            for incoming in waiting {
                let report = incoming.report
                incoming.position.map { offsets.settle($0) }
                guard let inbox = fleet[report.instance]?.presence.inbox else { continue }
                stop(report.fence, report.instance, report.digest, "there is no such run", inbox)
            }
        case .failed:
            // Asked again with the next report or presence; the offset stays where it is until then.
            orphans[uid] = waiting
            actions.append(.lookUp(uid: uid))
        }
    }

    mutating func resolved(_ uid: String, _ result: Result<ResolvedSource, SourceError>, at now: Moment) {
        guard var entry = runs[uid] else { return }
        entry.isResolving = false
        switch result {
        case .success(var source):
            // A commit that is given with its branch keeps the branch's name.
            if source.ref == nil { source.ref = entry.run.spec.source?.ref }
            entry.source = .resolved(source)
        case .failure(let error) where error.mayPass && entry.resolveAttempts < 10:
            entry.resolveAttempts += 1
            entry.source = .retrying(error.message)
            actions.append(.warn(ControllerWarning("\(error.message); trying again", about: entry.run)))
            let wait = seconds(min(60, 1 << min(entry.resolveAttempts, 6)))
            runs[uid] = entry
            wake(uid, at: now.uptime + wait)
            entry.wakeAt = runs[uid]?.wakeAt
            entry.resolveNotBefore = now.uptime + wait
        case .failure(let error): entry.source = .failed(error.message)
        }
        runs[uid] = entry
        touch(uid)
    }
}

extension WriteOutcome {
    /// Whether somebody else's change came between, so that the run has to be looked at anew.
    fileprivate var isOvertaken: Bool {
        switch self {
        case .conflict, .refused, .failed: true
        case .stored, .gone: false
        }
    }
}
