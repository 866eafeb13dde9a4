internal import AgentProtocol
internal import Model
internal import Planning

// What agents say.
extension ControllerMachine {
    mutating func take(_ event: ChannelEvent, at now: Moment) {
        switch event {
        case .presence(let presence): observe(presence, at: now)
        case .report(let report, let position): take(report, position, at: now)
        case .skipped(let position): read(position, isPending: false)
        case .caughtUp(let token): caughtUp(token, at: now)
        case .link(let isUp):
            guard isUp != isLinkUp else { return }
            isLinkUp = isUp
            mustSchedule = true
            if isUp { renewEverything(at: now) }
        }
    }

    private mutating func observe(_ presence: Presence, at now: Moment) {
        let change = fleet.observe(presence, at: now.uptime)
        guard change != .none else { return }
        mustSchedule = true
        for held in presence.held {
            guard let fence = Fence(held.fence) else { continue }
            shown(fence, held.digest, by: presence, at: now)
        }
        drainIfWanted(presence)
        switch change {
        case .joined(let replaced):
            if let replaced { endLeases(of: replaced) }
            republish(to: presence)
        case .renewed(afterGap: true): republish(to: presence)
        case .renewed, .none: break
        }
        if presence.isLeaving {
            endLeases(of: presence.instance)
            fleet.remove(presence.instance)
        }
    }

    /// Said again with each presence that doesn't show it yet.
    mutating func drainIfWanted(_ presence: Presence) {
        guard drained.contains(presence.agent), !presence.isDraining else { return }
        actions.append(.publish(.drain(instance: presence.instance), to: presence.inbox))
    }

    /// An agent holds an attempt: that renews its lease, or is answered with a stop.
    private mutating func shown(_ fence: Fence, _ digest: String, by presence: Presence, at now: Moment) {
        guard let claim = claims[fence], claim.digest == digest, claim.instance == presence.instance else {
            guard let entry = runs[fence.run] else {
                // An unknown run is read directly before anything is stopped for it.
                return incoming(
                    StageReport(
                        fence: fence, instance: presence.instance, digest: digest, event: .claimed(at: now.wall)), nil)
            }
            // The write under way may be what binds it.
            if entry.isWriting { return }
            return stop(fence, presence.instance, digest, "another attempt is wanted, or none", presence.inbox)
        }
        if case .published = claim.phase, runs[fence.run]?.run.status[stage: fence.stage]?.state == .assigned {
            // Its `claimed` may have been lost with a broker.
            incoming(
                StageReport(
                    fence: fence, instance: claim.instance, digest: digest, event: .claimed(at: now.wall)), nil)
        }
        renew(fence, at: now)
        fleet.claimed(by: presence.instance)
        if let order = runs[fence.run]?.stops.first(where: { $0.fence == fence && $0.digest == digest }) {
            stop(fence, order.instance, digest, order.reason, presence.inbox)
        }
    }

    mutating func stop(_ fence: Fence, _ instance: String, _ digest: String, _ reason: String, _ inbox: Inbox) {
        actions.append(
            .publish(.stop(Stop(fence: fence, instance: instance, digest: digest, reason: reason)), to: inbox))
    }

    /// An instance that ended leaves its attempts to whoever comes next, once all that it said has been read.
    private mutating func endLeases(of instance: String) {
        let ended = claims.values.filter { claim in
            guard claim.instance == instance else { return false }
            switch claim.phase {
            case .published, .held: return true
            case .publishing, .proving, .concluded: return false
            }
        }
        prove(ended.map(\.fence).sorted())
    }

    /// Attempts that an agent hasn't claimed are sent to it again, unchanged, when it is heard for the first time or after
    /// a gap: they were stored but perhaps never sent, or came to it when it could not know whether they were still its.
    private mutating func republish(to presence: Presence) {
        let unclaimed = claims.values.filter { claim in
            guard claim.instance == presence.instance else { return false }
            switch claim.phase {
            case .publishing, .published: return true
            case .held, .proving, .concluded: return false
            }
        }
        for claim in unclaimed.sorted(by: { $0.fence < $1.fence }) {
            guard let entry = runs[claim.fence.run] else { continue }
            publish(claim.fence, entry, to: presence.inbox)
        }
    }

    /// Publishes a bound attempt as its status has it.
    mutating func publish(_ fence: Fence, _ entry: RunEntry, to inbox: Inbox) {
        guard let stage = entry.run.status[stage: fence.stage], let instance = stage.instance, let graph = entry.graph,
            let work = try? work(for: fence.stage, of: entry.run, graph: graph, status: entry.run.status)
        else { return }
        let assignment = Assignment(fence: fence, instance: instance, work: work)
        // A newer controller may resolve the work differently; the stored attempt then runs into its deadline.
        guard assignment.digest == stage.digest else { return }
        actions.append(.publish(.assign(assignment), to: inbox))
    }

    private mutating func take(_ report: AgentReport, _ position: ResultsPosition, at now: Moment) {
        let event: StageReport.Event
        var isPending = false
        switch report.event {
        case .claimed(let time): event = .claimed(at: time)
        case .declined(let reason):
            event = .declined(reason: reason)
            isPending = true
        case .finished(let outcome):
            event = .finished(outcome)
            isPending = true
        case .progress:
            read(position, isPending: false)
            return renewIfStored(report, at: now)
        }
        read(position, isPending: isPending)
        switch report.event {
        case .finished: fleet.released(report.fence.description, by: report.instance)
        case .declined(let reason):
            fleet.released(report.fence.description, by: report.instance)
            if claims[report.fence]?.digest == report.digest {
                fleet.passOver(
                    report.instance, "declined its last stage: \(reason)", at: now, configuration: configuration)
            }
        case .claimed, .progress: break
        }
        renewIfStored(report, at: now)
        incoming(
            StageReport(fence: report.fence, instance: report.instance, digest: report.digest, event: event),
            isPending ? position : nil)
        mustSchedule = true
    }

    private mutating func read(_ position: ResultsPosition, isPending: Bool) {
        guard offsets.read(position, isPending: isPending) else { return }
        // In no order: each loses what it knew for itself.
        for uid in runs.keys { runs[uid]?.forgetPositions(in: position.partition) }
        for uid in orphans.keys {
            for index in orphans[uid, default: []].indices { orphans[uid]?[index].forget(position.partition) }
        }
    }

    private mutating func renewIfStored(_ report: AgentReport, at now: Moment) {
        guard let claim = claims[report.fence], claim.digest == report.digest, claim.instance == report.instance else {
            return
        }
        renew(report.fence, at: now)
        if case .declined = report.event { return }
        fleet.claimed(by: report.instance)
    }

    mutating func incoming(_ report: StageReport, _ position: ResultsPosition?) {
        let incoming = RunEntry.Incoming(report: report, position: position)
        let uid = report.fence.run
        if runs[uid] != nil {
            runs[uid]?.incoming.append(incoming)
            touch(uid)
        } else if orphans[uid] != nil {
            orphans[uid]?.append(incoming)
        } else {
            orphans[uid] = [incoming]
            actions.append(.lookUp(uid: uid))
        }
    }
}
