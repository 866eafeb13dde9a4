internal import Model

/// The people of a world: they cancel, pause, let go on, approve, run again and delete.
final class People {
    private unowned let world: World
    /// Approvals that have been noticed: run, stage and rerun.
    private var asked: Set<String> = []

    init(_ world: World) {
        self.world = world
    }

    func begin() {
        guard world.scenario.durations == nil else { return }
        let end = world.scenario.faultsEnd
        for plan in world.scenario.runs {
            let uid = plan.run.uid
            for _ in 0..<world.dice.below(3) {
                world.after(plan.at + world.dice.between(milliseconds(10), max(seconds(1), end - plan.at))) { [self] in
                    ask(uid)
                }
            }
        }
        if world.dice.chance(15), let agent = world.dice.pick(world.agents) {
            let start = world.dice.between(0, max(seconds(1), end))
            world.after(start) { [self] in drain(agent) }
            world.after(world.dice.between(start, end)) { [self] in undrain(agent) }
        }
        // In the end everything is let go on, and whoever ended by trouble has had its chance.
        world.after(end) { [self] in
            for uid in world.store.uids {
                world.store.change(uid) { if $0.desiredState == .paused { $0.desiredState = .running } }
            }
        }
    }

    private func drain(_ agent: AgentProcess) {
        world.note("somebody drains \(agent.name)")
        agent.disturbed()
        world.store.drain([agent.name])
    }

    /// It takes stages again from its next start on, which whoever wants that sees to.
    private func undrain(_ agent: AgentProcess) {
        guard world.store.drained.contains(agent.name) else { return }
        world.note("somebody wants \(agent.name) back")
        world.store.drain([])
        // By then every controller knows.
        world.after(min(seconds(20), max(0, world.scenario.faultsEnd - world.now)) + seconds(20)) {
            agent.kill(restartAfter: seconds(1), losingState: false)
        }
    }

    private func ask(_ uid: String) {
        guard let run = world.store.run(uid) else { return }
        switch world.dice.below(100) {
        case 0..<25: pause(uid)
        case 25..<55: change(uid, "cancels") { $0.desiredState = .cancelled }
        case 55..<95:
            guard run.spec.rerunCount < 3, run.status.isFinished || world.dice.chance(30) else { return }
            change(uid, "runs again") {
                $0.rerunCount += 1
                $0.desiredState = .running
            }
        default:
            world.note("somebody deletes \(uid)")
            world.store.delete(uid)
        }
    }

    private func pause(_ uid: String) {
        guard world.store.run(uid)?.spec.desiredState == .running else { return }
        change(uid, "pauses") { $0.desiredState = .paused }
        world.after(world.dice.between(milliseconds(100), seconds(40))) { [self] in
            guard world.store.run(uid)?.spec.desiredState == .paused else { return }
            change(uid, "lets go on") { $0.desiredState = .running }
        }
    }

    private func change(_ uid: String, _ verb: String, _ edit: (inout PipelineRunSpec) -> Void) {
        world.note("somebody \(verb) \(uid)")
        world.store.change(uid, edit)
    }

    /// Looks at a run as it was stored, for approvals.
    func saw(_ run: PipelineRun) {
        for stage in run.status.stages where stage.reason == Reason.approvalPending {
            guard asked.insert("\(run.uid)/\(stage.id)/\(run.status.observedRerun)").inserted else { continue }
            let rerun = run.status.observedRerun
            // Where only time is asked for, people take none.
            let isTimed = world.scenario.durations != nil
            let decision: ApprovalDecision.Decision = isTimed || world.dice.chance(85) ? .approved : .rejected
            let (uid, id) = (run.uid, stage.id)
            world.after(isTimed ? 0 : world.dice.between(milliseconds(200), seconds(30))) { [self] in
                change(uid, "has \(decision.rawValue.lowercased()) \(id) of") { spec in
                    guard !spec.approvals.contains(where: { $0.stage == id && $0.rerun == rerun }) else { return }
                    spec.approvals.append(ApprovalDecision(stage: id, rerun: rerun, decision: decision))
                }
            }
        }
    }
}
