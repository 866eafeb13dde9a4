internal import AgentProtocol
internal import Controller
internal import Model
internal import Planning

// What may be stored: a status only ever goes on, and holds what was really run.
extension Judge {
    func stored(_ run: PipelineRun, over old: PipelineRunStatus, by process: ControllerProcess) {
        let new = run.status
        let isRerun = new.observedRerun > old.observedRerun
        if new.observedRerun < old.observedRerun {
            violated("the count of reruns only rises", "\(run.uid): \(old.observedRerun) → \(new.observedRerun)")
        }
        if let end = old.succeeded, end.status != .unknown, new.succeeded?.status != end.status, !isRerun {
            violated("an end is final but for a rerun", "\(run.uid): \(end.reason) → \(new.succeeded?.reason ?? "-")")
        }
        if new.isFinished, let open = new.stages.first(where: { !$0.state.isFinal }) {
            violated("a run ends when its stages have", "\(run.uid): \(open.id) is \(open.state.rawValue)")
        }
        for (place, stage) in new.stages.enumerated() {
            let isSame = old.stages.indices.contains(place) && old.stages[place].id == stage.id
            let before = isSame ? old.stages[place] : old[stage: stage.id]
            if stage == before { continue }
            judge(stage, over: before ?? StageStatus(id: stage.id), run, isRerun: isRerun)
        }
        if new.completionTime != old.completionTime { noteEnding(run) }
        if new.startTime != old.startTime || (old.isFinished && !new.isFinished) { judgeGroup(of: run) }
        judgeWanted(of: run.uid)
        quietSince = nil
    }

    private func judge(_ stage: StageStatus, over old: StageStatus, _ run: PipelineRun, isRerun: Bool) {
        let fence = stage.fence(in: run.uid)
        if stage.attempt < old.attempt {
            violated("attempts only rise", "\(fence) after \(old.attempt)")
        }
        if stage.attempt == old.attempt, !isRerun, stage.order < old.order {
            violated(
                "a state never goes backwards", "\(fence): \(old.state.rawValue) → \(stage.state.rawValue)")
        }
        if stage.attempt > old.attempt, stage.state.isBound || stage.state.isFinal { judgeNeeds(stage, run) }
        if let instance = stage.instance, let digest = stage.digest, stage.attempt > 0 {
            let bond = Bond(instance: instance, digest: digest)
            if let earlier = bonds[fence], earlier != bond {
                violated("a stored attempt is never bound anew", "\(fence): \(earlier) → \(bond)")
            }
            bonds[fence] = bond
            if bindings[fence] == nil { bindings[fence] = world.now }
            if bondTimes[fence] == nil { bondTimes[fence] = world.now }
        }
        judgeResult(stage, fence)
    }

    private func judgeNeeds(_ stage: StageStatus, _ run: PipelineRun) {
        guard let graph = graph(of: run), let place = graph.place(of: stage.id),
            run.status.stages.count == graph.stages.count
        else { return }
        var needs = graph.stages[place].needs
        if graph.stages[place].isFinally { needs += Array(0..<graph.finallyStart) }
        for need in needs where !run.status.stages[need].state.isFinal {
            violated(
                "no stage starts before its needs have ended",
                "\(stage.id) of \(run.uid) needs \(graph.stages[need].id), \(run.status.stages[need].state.rawValue)")
        }
    }

    /// Works leave their number in what they say: `#12#`.
    private func judgeResult(_ stage: StageStatus, _ fence: Fence) {
        guard !stage.state.isBound, let id = stage.message.flatMap(Self.number), executions.indices.contains(id) else {
            return
        }
        let execution = executions[id]
        guard execution.fence == fence else {
            // What a stage says of an earlier attempt stays until there is another.
            if execution.fence.run != fence.run || execution.fence.stage != fence.stage {
                violated("a result is its own stage's", "\(fence) has #\(id)# of \(execution.fence)")
            }
            return
        }
        if let bond = bonds[fence], bond.digest != execution.digest || bond.instance != execution.instance {
            violated("an accepted result is the stored digest's", "\(fence) has #\(id)# of \(execution.instance)")
        }
        if let earlier = accepted[fence], earlier != id {
            violated("at most one result is accepted", "\(fence): #\(earlier)#, then #\(id)#")
        }
        accepted[fence] = id
    }

    private static func number(in text: String) -> Int? {
        guard let last = text.lastIndex(of: "#") else { return nil }
        let head = text[..<last]
        guard let first = head.lastIndex(of: "#") else { return nil }
        return Int(head[head.index(after: first)...])
    }
}

extension StageStatus {
    /// How far an attempt has come: bound, running, waiting for the next one, ended.
    fileprivate var order: Int {
        switch state {
        case .assigned: 1
        case .running: 2
        case .pending, .waiting, .queued: attempt == 0 ? 0 : 3
        case .succeeded, .failed, .skipped, .cancelled: 4
        }
    }
}
