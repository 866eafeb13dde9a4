internal import Controller
internal import Model

// What has to happen in time, looked at every few seconds; and whether everything is over and accounted for.
extension Judge {
    private static let interval = seconds(5)
    /// From the end of every disturbance to the end of what nobody wants: a take-over, a heartbeat, the grace.
    private static let stopPatience = seconds(60)
    /// Nothing changes any more for so long, then everything has to be as it was before the first run.
    private static let quiet = seconds(12)
    private static let accountsPatience = seconds(150)

    func look() {
        guard !isOver else { return }
        judgeUnwanted()
        judgeCutOff()
        judgeEnd()
        if world.controllers.count(where: \.mayAct) > 1 {
            violated("one controller at a time may act", world.controllers.filter(\.mayAct).map(\.identity).description)
        }
        world.after(world.scenario.durations == nil ? Self.interval : 6 * Self.interval) { [self] in look() }
    }

    /// Nothing that is cancelled, superseded or forgotten runs on, as soon as everybody is in reach.
    private func judgeUnwanted() {
        guard world.broker.isUp, world.store.isUp, !world.controllers.contains(where: \.isDisturbed) else { return }
        let disturbed = world.controllers.reduce(world.lastDisturbed) { max($0, $1.lastDisturbed) }
        for id in running {
            let execution = executions[id]
            guard let since = execution.unwantedSince, !execution.agent.isDisturbed else { continue }
            let limit = max(since, disturbed, execution.agent.lastDisturbed) + Self.stopPatience
            if world.now > limit {
                violated(
                    "what nobody wants is stopped",
                    "\(execution.fence), #\(id)#, at \(execution.instance) since \(History.clock(since))")
            }
        }
    }

    /// An agent that nobody has heard of for long runs nothing.
    private func judgeCutOff() {
        for agent in world.agents where agent.isAlive && !agent.isPaused && agent.runningCount > 0 {
            guard let heard = agent.lastHeardOf, world.now - agent.lastDisturbed > seconds(5) else { continue }
            if world.now - heard > seconds(agent.plan.selfFenceSeconds + 3) {
                violated("an agent that is cut off ends its stages", "\(agent.instance), heard of at \(heard)")
            }
        }
    }

    private func judgeEnd() {
        let lastRun = world.scenario.runs.reduce(0) { max($0, $1.at) }
        let start = max(world.scenario.faultsEnd, lastRun)
        guard world.now > start else { return }
        if let open = firstOpen() {
            if world.now > start + world.scenario.patience {
                let stages = open.status.stages.filter { !$0.state.isFinal }
                    .map { "\($0.id) \($0.state.rawValue) \($0.attempt) \($0.reason ?? "")" }
                violated("every run ends", "\(open.uid): \(stages.joined(separator: ", "))")
            }
            return
        }
        let since = quietSince ?? world.now
        quietSince = since
        guard world.now - since > Self.quiet else { return }
        if let trouble = openAccounts() {
            if world.now - since > Self.accountsPatience {
                violated("in the end everything is given back", trouble)
            }
            return
        }
        isOver = true
    }

    private func firstOpen() -> PipelineRun? {
        for place in world.store.uids.indices.dropFirst(endedRuns) {
            guard let run = world.store.run(world.store.uids[place]) else { continue }
            if !run.hasEnded { return run }
            // Where nobody asks for a rerun, what has ended needs no second look.
            if world.scenario.durations != nil { endedRuns = place + 1 }
        }
        return nil
    }

    /// What is still held, by whomever; nil where nothing is.
    private func openAccounts() -> String? {
        guard let leader = world.controllers.first(where: \.mayAct), let accounts = leader.accounts else {
            return "nobody leads"
        }
        if !running.isEmpty { return "\(running.count) attempts run" }
        if let fence = accounts.claims.first { return "\(leader.identity) waits for \(fence)" }
        if accounts.writes != 0 { return "\(leader.identity) counts \(accounts.writes) writes" }
        if accounts.unsettled != 0 {
            return "\(leader.identity) has \(accounts.unsettled) results that it stores nowhere"
        }
        if let uid = accounts.unread.first { return "\(leader.identity) has reports of \(uid) that it doesn't look at" }
        for agent in world.agents where agent.isAlive {
            if !agent.isIdle { return "\(agent.instance) still holds something" }
            guard let member = accounts.members.first(where: { $0.instance == agent.instance }) else {
                return "\(leader.identity) doesn't know \(agent.instance)"
            }
            if member.free != member.slots || member.slots != agent.plan.slots {
                return "\(leader.identity) sees \(member.free) of \(member.slots) slots free at \(agent.instance)"
            }
        }
        if let stranger = accounts.members.first(where: { member in
            !world.agents.contains { $0.instance == member.instance }
        }) {
            return "\(leader.identity) still counts on \(stranger.instance)"
        }
        if let trouble = overfullHistory() { return trouble }
        // A leader that came to its senses late may have taken positions back, which costs reading again and nothing else.
        for partition in world.broker.results
        where partition.committer == leader.identity && Int(partition.committed ?? 0) < partition.end {
            return "\(partition.name) is committed up to \(partition.committed ?? 0) of \(partition.end)"
        }
        return nil
    }
}

extension PipelineRun {
    /// A rerun that is asked for together with a cancel never begins.
    var hasEnded: Bool {
        status.isFinished && (status.observedRerun == spec.rerunCount || spec.desiredState == .cancelled)
    }
}
