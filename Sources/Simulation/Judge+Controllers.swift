internal import AgentProtocol
internal import Controller
internal import Model
internal import Planning

// What controllers may do: one at a time, and never forget before it is stored.
extension Judge {
    func leads(_ process: ControllerProcess) {
        for other in world.controllers where other !== process && other.mayAct {
            violated("one controller at a time may act", "\(process.identity) and \(other.identity)")
        }
    }

    func controllerEnded(_ process: ControllerProcess) {
        passedOver = [:]
        published = [:]
    }

    // MARK: Reading

    func read(_ partition: Broker.Partition, _ range: Range<Int>, _ process: ControllerProcess) {
        readUpTo["\(partition.name) \(process.identity)"] = range.upperBound
    }

    func asked(_ process: ControllerProcess) { askedAt[process.identity] = world.now }

    /// What a controller takes in, for the rule about agents that are passed over.
    func takes(_ inputs: [ControllerInput], _ process: ControllerProcess) {
        for input in inputs {
            guard case .channel(let event) = input else { continue }
            switch event {
            case .report(let report, _):
                if case .declined = report.event {
                    declined(report, process)
                } else {
                    passedOver[report.instance] = nil
                }
            case .presence(let presence): if !presence.held.isEmpty { passedOver[presence.instance] = nil }
            case .skipped, .caughtUp, .link: break
            }
        }
    }

    private func declined(_ report: AgentReport, _ process: ControllerProcess) {
        // Only where it can't have been taken back meanwhile for another reason.
        guard let sent = published[report.fence.description], sent.digest == report.digest,
            world.now - sent.at < seconds(8), world.now - (wishes[report.fence.run] ?? .min / 2) > seconds(30),
            let stage = world.store.run(report.fence.run)?.status[stage: report.fence.stage],
            stage.state == .assigned, stage.attempt == report.fence.attempt, stage.digest == report.digest,
            // Told to let go of it: it is passed over since then, though the write that says so may have failed.
            !stopped.contains("\(report.instance) \(report.fence) \(report.digest)"),
            process.accounts?.members.contains(where: { $0.instance == report.instance }) == true
        else { return }
        passedOver[report.instance] = world.now + seconds(5)
    }

    // MARK: Sending

    func publishes(_ message: ControllerMessage, _ process: ControllerProcess) {
        if !process.mayAct { violated("only the leader publishes", "\(process.identity): \(message.summary)") }
        guard case .assign(let assignment) = message else { return }
        let fence = assignment.fence
        if bondTimes[fence] == nil { bondTimes[fence] = world.now }
        // What is stored is published again, whatever became of its agent.
        let isSent = published.updateValue((assignment.digest, world.now), forKey: fence.description) != nil
        let isNew = !isSent && bindings[fence] == nil
        if isNew, let agent = world.agents.first(where: { $0.instance == assignment.instance }),
            process.isToldDrained(agent.name)
        {
            violated("an agent that is drained gets nothing more", "\(assignment.instance) is given \(fence)")
        }
        if isNew, let until = passedOver[assignment.instance], until > world.now {
            violated(
                "an agent that declined is passed over for a while", "\(assignment.instance) is given \(fence)")
        }
    }

    /// A status that is about to be written: what it says to be lost has to be lost.
    func plans(_ write: StatusWrite, _ process: ControllerProcess) {
        guard let stored = world.store.run(write.uid)?.status else { return }
        for stage in write.status.stages where stage.reason == Reason.agentLost {
            guard let old = stored[stage: stage.id], old.state.isBound, old.attempt == stage.attempt,
                let instance = old.instance, let digest = old.digest, stage.losses > old.losses
            else { continue }
            let fence = old.fence(in: write.uid)
            judgeUnread(fence, instance, digest, process)
            guard let agent = world.agents.first(where: { $0.instance == instance }), !agent.isDisturbed,
                agent.lastDisturbed < bondTimes[fence] ?? 0,
                running.contains(where: { executions[$0].fence == fence && executions[$0].instance == instance })
            else { continue }
            violated("what an agent in reach holds isn't lost", "\(fence) at \(instance)")
        }
    }

    /// A result that was there before the controller asked how far there is to read must not be passed by.
    private func judgeUnread(_ fence: Fence, _ instance: String, _ digest: String, _ process: ControllerProcess) {
        let partition = world.broker.results(of: fence.run)
        let limit = askedAt[process.identity] ?? world.now
        let start = readUpTo["\(partition.name) \(process.identity)"] ?? Int(partition.committed ?? 0)
        guard start < partition.end else { return }
        for record in partition.records[start...] where record.at < limit {
            guard case .report(let report) = record.payload, report.fence == fence, report.instance == instance,
                report.digest == digest, case .finished = report.event
            else { continue }
            violated("results are read before a lease is judged", "\(fence) at \(instance) had finished")
        }
    }

    // MARK: Positions

    /// What lies before a committed position is in stored statuses.
    func commits(_ partition: Broker.Partition, _ offset: Int64, by identity: String) {
        let committed = Int(partition.committed ?? 0)
        let start = committed > partition.end ? 0 : committed
        let end = Int(offset)
        // A position of a broker that has forgotten everything is past the end and so none, or is soon taken back.
        guard start < end, end <= partition.end, world.now - world.forgottenAt > seconds(30) else { return }
        for place in start..<end {
            guard case .report(let report) = partition.records[place].payload else { continue }
            switch report.event {
            case .claimed, .progress: continue
            case .declined, .finished: break
            }
            guard let stage = world.store.run(report.fence.run)?.status[stage: report.fence.stage],
                stage.state.isBound, stage.attempt == report.fence.attempt, stage.digest == report.digest,
                stage.instance == report.instance, let since = bindings[report.fence],
                partition.records[place].at > since
            else { continue }
            // What was said before the attempt was stored is said again when the attempt is published again.
            violated(
                "a result is stored before it is forgotten",
                "\(identity) commits \(partition.name)@\(offset), and \(report.summary) at \(place) is not stored")
        }
    }
}
