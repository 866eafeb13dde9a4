internal import AgentProtocol
internal import Model
internal import Planning

// Gather, decide, apply: one pass over what has changed.
extension ControllerMachine {
    /// How long nothing is scheduled anew where no slot is free, only to refresh the reasons.
    private static let explainInterval = seconds(1)

    /// From how many runs that wait on scheduling holds back after a pass, and how long for each of them, in
    /// microseconds: about ten times what the pass took for it.
    private static let longQueue = 200
    private static let pausePerRun: Int64 = 10
    /// Within this time after everything was listed, every agent has shown itself.
    private static let firstPresence = seconds(Presence.intervalSeconds + 1)

    mutating func pass(at now: Moment) {
        guard isListed else { return }
        var planned: [String] = []
        // A run that starts or ends may let others of its group go, which are planned in the next round.
        repeat {
            let round = takeDirty()
            for uid in round { gather(uid) }
            admitGroups()
            for uid in round { plan(uid, at: now) }
            planned += round
            admitGroups()
        } while !dirty.isEmpty
        if mustSchedule, !readyRuns.isEmpty { planned += place(planned, at: now) }
        mustSchedule = false
        var seen: Set<String> = []
        for uid in planned where seen.insert(uid).inserted { settle(uid, at: now) }
    }

    private mutating func takeDirty() -> [String] {
        defer {
            dirty = []
            isDirty = []
        }
        return dirty
    }

    /// Finds out what a run goes through and where it stands among others, before any of those that have changed is
    /// planned: after a start all take their places first.
    private mutating func gather(_ uid: String) {
        guard runs[uid]?.isWriting == false else { return }
        prepareGraph(uid)
        enrol(uid)
    }

    /// Everything that a pass over one run may look at.
    private func observation(of entry: RunEntry, at now: Moment) -> Observation {
        Observation(
            run: entry.run, graph: entry.graph, obstacle: entry.obstacle ?? entry.admission, source: entry.source,
            reports: entry.incoming.map(\.report), now: now.wall)
    }

    private mutating func plan(_ uid: String, at now: Moment) {
        guard runs[uid]?.isWriting == false else {
            runs[uid]?.isTouched = true
            return
        }
        guard var entry = runs[uid] else { return }
        let sourceDue = entry.prepareSource(at: now.uptime)
        entry.run.status.note(entry.told)
        let plan = Planning.plan(for: observation(of: entry, at: now))
        let incoming = entry.incoming
        entry.incoming = []
        for (one, verdict) in zip(incoming, plan.verdicts) {
            if verdict == .stale { answerStale(one.report) }
            if verdict == .accepted, case .finished(let outcome) = one.report.event, !outcome.annotations.isEmpty {
                actions.append(.annotated(one.report.fence, of: entry.run, outcome.annotations))
            }
            if entry.mustKeep(one.report, verdict) {
                entry.unstored.append(one)
            } else {
                one.position.map { offsets.settle($0) }
            }
        }
        let former = entry.run.status
        entry.run.status = plan.status
        if configuration.notesSpecHash, plan.status.specHash == nil, !former.isFinished {
            entry.run.status.specHash = specHash(of: &entry)
        }
        if entry.ready != plan.ready {
            entry.ready = plan.ready
            mustSchedule = true
        }
        if plan.ready.isEmpty { readyRuns.remove(uid) } else { readyRuns.insert(uid) }
        for order in plan.stops where !entry.stops.contains(order) {
            guard let inbox = fleet[order.instance]?.presence.inbox else { continue }
            stop(order.fence, order.instance, order.digest, order.reason, inbox)
        }
        entry.stops = plan.stops
        entry.happenings += plan.happenings
        let wantsSource = plan.wantsSource
        if entry.run.status.isFinished, !former.isFinished {
            entry.run.status.formerOutcome = formerOutcome(of: entry.run)
        }
        runs[uid] = entry
        enrol(uid)
        if plan.status.stages != former.stages { syncClaims(uid, at: now) }
        if wantsSource { resolve(uid, at: now) }
        if let sourceDue { wake(uid, at: sourceDue) }
        if let time = plan.lookAgain { wake(uid, at: max(now.uptime + 1000, now.uptime(at: time))) }
    }

    private mutating func answerStale(_ report: StageReport) {
        actions.append(.stale(report))
        guard let inbox = fleet[report.instance]?.presence.inbox else { return }
        switch report.event {
        case .claimed, .finished:
            stop(report.fence, report.instance, report.digest, "another attempt is wanted, or none", inbox)
        case .declined, .unclaimed, .lost, .overdue: break
        }
    }

    // MARK: Resolve

    private mutating func resolve(_ uid: String, at now: Moment) {
        guard let entry = runs[uid], !entry.isResolving, case .unresolved(let url, let ref) = entry.source else {
            return
        }
        runs[uid]?.isResolving = true
        // A run that names another repository doesn't get the credentials of its pipeline's.
        let own = entry.graph?.spec.source
        let isOwn =
            own.map { $0.url == url || RepositoryURL.normalised($0.url) == RepositoryURL.normalised(url) } ?? false
        let request = SourceRequest(
            url: url, ref: ref, credentials: isOwn ? own?.credentials : nil, pipeline: entry.pipelineName,
            namespace: entry.run.metadata.namespace)
        actions.append(.resolve(uid: uid, request))
    }

    // MARK: Schedule

    /// Binds what can be bound, and says of the rest why it waits. Returns the runs that it changed.
    ///
    /// - Parameter planned: The runs of this pass.
    private mutating func place(_ planned: [String], at now: Moment) -> [String] {
        let candidates = candidates
        // Agents that have not shown themselves yet are no reason to say that there are none.
        if candidates.isEmpty, let began = listedAt, now.uptime - began < Self.firstPresence {
            scheduleLater(at: began + Self.firstPresence)
            return []
        }
        let hasRoom = candidates.contains { $0.free > 0 && !$0.isDraining }
        // Reasons change with every slot that is taken or freed; people are told now and then.
        let explainAt = lastExplained.map { $0 + Self.explainInterval } ?? now.uptime
        let explains = explainAt <= now.uptime
        if !hasRoom, !explains {
            scheduleLater(at: explainAt)
            // What is new in the queue says why it waits from the first write on.
            return explain(placement(of: planned, among: candidates, at: now).unplaced)
        }
        // A pass takes time in proportion to the queue, and results come by the dozen meanwhile: they share one.
        let nextPlace = lastPlaced.map { $0 + Self.pausePerRun * Int64(readyRuns.count) } ?? now.uptime
        if readyRuns.count > Self.longQueue, now.uptime < nextPlace {
            scheduleLater(at: nextPlace)
            return []
        }
        lastPlaced = now.uptime
        // In no order: the scheduler has one of its own.
        let placement = placement(of: readyRuns, among: candidates, at: now)
        var changed: [String] = []
        for binding in placement.bindings {
            if bind(binding, at: now) { changed.append(binding.run) }
        }
        if explains {
            lastExplained = now.uptime
            changed += explain(placement.unplaced)
            announce(placement.unplaced)
        } else if !placement.unplaced.isEmpty {
            scheduleLater(at: explainAt)
        }
        if let time = placement.lookAgain { scheduleLater(at: now.uptime(at: time)) }
        return changed
    }

    /// What the scheduler says to the ready stages of some runs.
    private func placement(
        of uids: some Sequence<String>, among candidates: [Candidate], at now: Moment
    ) -> Placement {
        var ready: [ReadyStage] = []
        for uid in uids where runs[uid]?.isWriting == false { ready += runs[uid]?.ready ?? [] }
        let shares = boundByPipeline.keys.sorted().map { PipelineShare(pipeline: $0, stages: boundByPipeline[$0] ?? 0) }
        return schedule(
            SchedulingInput(
                ready: ready, candidates: candidates, bound: shares,
                hold: isLinkUp ? nil : "Kafka is out of reach; nothing is assigned until it answers", now: now.wall))
    }

    var candidates: [Candidate] {
        fleet.candidates(
            bound: { boundByInstance[$0] ?? 0 },
            isBound: { text, instance in Fence(text).flatMap { claims[$0] }?.instance == instance }
        ).map { candidate in
            guard drained.contains(candidate.agent) else { return candidate }
            // It may not have heard of it yet.
            var candidate = candidate
            candidate.isDraining = true
            return candidate
        }
    }

    /// Says of stages why they wait. Returns the runs of which that is news.
    private mutating func explain(_ unplaced: [Placement.Unplaced]) -> [String] {
        var changed: [String] = []
        for stage in unplaced {
            if runs[stage.run]?.explain(stage) == true { changed.append(stage.run) }
        }
        return changed
    }

    /// Tells of the whole queue, where something in it has changed.
    private mutating func announce(_ unplaced: [Placement.Unplaced]) {
        guard unplaced != lastUnplaced else { return }
        lastUnplaced = unplaced
        actions.append(
            .unplaced(
                unplaced.compactMap { stage in
                    runs[stage.run].map { UnplacedStage(run: ObjectKey($0.run.metadata), why: stage) }
                }))
    }

    private mutating func scheduleLater(at uptime: Int64) {
        guard scheduleAt.map({ uptime < $0 }) ?? true else { return }
        scheduleAt = uptime
        timers.push(.schedule, at: uptime)
    }

    private mutating func bind(_ binding: Placement.Binding, at now: Moment) -> Bool {
        guard var entry = runs[binding.run], let graph = entry.graph, let member = fleet[binding.instance],
            let stage = entry.run.status[stage: binding.stage]
        else { return false }
        let work: StageWork
        do {
            work = try Planning.work(for: binding.stage, of: entry.run, graph: graph, status: entry.run.status)
        } catch {
            // The planner has checked what can be known before; what is left fails the stage in the next pass.
            actions.append(
                .warn(
                    ControllerWarning("$(\(error.reference)) has no value", about: entry.run, stage: binding.stage)))
            return false
        }
        let fence = Fence(run: binding.run, stage: binding.stage, attempt: stage.attempt + 1)
        let assignment = Assignment(fence: fence, instance: binding.instance, work: work)
        Planning.bind(
            &entry.run.status, stage: binding.stage, agent: binding.agent, instance: binding.instance,
            digest: assignment.digest, now: now.wall)
        entry.ready.removeAll { $0.stage == binding.stage }
        if entry.ready.isEmpty { readyRuns.remove(binding.run) }
        runs[binding.run] = entry
        syncClaims(binding.run, at: now, published: fence)
        actions.append(.publish(.assign(assignment), to: member.presence.inbox))
        return true
    }

    // MARK: Apply

    /// Has a run's status written if it differs, and shown.
    private mutating func settle(_ uid: String, at now: Moment) {
        guard var entry = runs[uid], !entry.isWriting else { return }
        let difference = StatusDifference(from: entry.stored, to: entry.run.status)
        if difference == .none {
            // Repeated reports of what is stored already.
            for incoming in entry.unstored { incoming.position.map { offsets.settle($0) } }
            entry.unstored = []
            entry.writeDue = nil
            runs[uid] = entry
            if entry.run.status.isFinished { entryEnded(uid, at: now) }
            return
        }
        if difference == .cosmetic || entry.waitsForSourceAlone {
            let due = entry.writeDue ?? now.uptime + Int64(configuration.deferMilliseconds) * 1000
            entry.writeDue = due
            if due > now.uptime {
                runs[uid] = entry
                actions.append(.observed(entry.run, happenings: [], isStored: false))
                return wake(uid, at: due)
            }
        }
        if let time = entry.writeNotBefore, time > now.uptime {
            return wake(uid, at: time)
        }
        entry.writeNotBefore = nil
        entry.isWriting = true
        writing += 1
        entry.writeDue = nil
        runs[uid] = entry
        actions.append(
            .write(
                StatusWrite(
                    uid: uid, name: entry.run.metadata.name, namespace: entry.run.metadata.namespace,
                    resourceVersion: entry.version, status: entry.run.status)))
    }
}
