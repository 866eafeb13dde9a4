internal import AgentProtocol
internal import Controller
internal import Model

/// A controller's channel: what `KafkaAgentChannel` does, with the world's broker.
final class ControllerLink {
    private static let healthLimit = milliseconds(3500)

    private struct Mark {
        var token: Int
        var ends: [(consumer: Consumer, end: Int)]

        var isReached: Bool { ends.allSatisfy { $0.consumer.position >= $0.end } }
    }

    unowned let process: ControllerProcess
    private var isUp: Bool?
    private var lastProof: Int64
    private var consumers: [Consumer] = []
    private var marks: [Mark] = []
    /// Asked for and not answered.
    private var tokens: [Int] = []
    private var commits: [Int: Int64] = [:]
    private var isCommitDue = false
    private var wantsReports = false
    private var inboxes: [String: Outlet] = [:]
    /// Counts subscriptions.
    private var session = 0

    private var world: World { process.world }

    init(_ process: ControllerProcess) {
        self.process = process
        lastProof = process.uptime
        // The process's `channel` is this one from now on.
        process.later(0) { [self] in subscribe() }
        look()
    }

    // MARK: Reading

    /// Begins to read: presence at its end, results at the committed positions.
    private func subscribe() {
        session += 1
        let session = session
        for consumer in consumers { consumer.close() }
        consumers = []
        process.later(world.latency(process)) { [self] in
            guard self.session == session else { return }
            guard process.isConnected else {
                return process.later(milliseconds(250)) { if self.session == session { self.subscribe() } }
            }
            for partition in world.broker.presence {
                consumers.append(
                    Consumer(process, partition, from: partition.end) { [self] in receive($0, $1) })
            }
            for partition in world.broker.results {
                // A position past the end is none, and then all there is is read.
                let committed = Int(partition.committed ?? 0)
                consumers.append(
                    Consumer(process, partition, from: committed > partition.end ? 0 : committed) { [self] in
                        receive($0, $1)
                    })
            }
            for token in tokens { ask(token) }
            if wantsReports { reportToAll() }
            commitSoon()
        }
    }

    func meetBroker() {
        for outlet in inboxes.keys.sorted() { inboxes[outlet]?.refuseAll() }
        marks = []
        commits = [:]
        subscribe()
    }

    private func receive(_ consumer: Consumer, _ range: Range<Int>) {
        prove()
        let partition = consumer.partition
        let isPresence = partition === world.broker.presence[partition.number % world.broker.presence.count]
        for offset in range {
            switch partition.records[offset].payload {
            case .presence(let presence): process.put(.channel(.presence(presence)))
            case .report(let report):
                process.put(
                    .channel(.report(report, at: ResultsPosition(partition: partition.number, offset: Int64(offset)))))
            case .toAgent: break
            }
        }
        if !isPresence { world.judge.read(partition, range, process) }
        reachMarks()
    }

    // MARK: Health

    private func prove() {
        lastProof = process.uptime
        guard isUp != true else { return }
        isUp = true
        process.put(.channel(.link(isUp: true)))
    }

    /// Once a second.
    private func look() {
        if isUp != false, process.uptime - lastProof > Self.healthLimit {
            isUp = false
            world.note("\(process.identity) is cut from the broker")
            process.put(.channel(.link(isUp: false)))
        }
        if process.isConnected, !consumers.isEmpty { prove() }
        process.later(seconds(1)) { [self] in look() }
    }

    // MARK: Catching up

    func catchUp(_ token: Int) {
        tokens.append(token)
        ask(token)
    }

    /// Asks for the ends as they are once the question has arrived.
    private func ask(_ token: Int) {
        let session = session
        process.later(world.latency(process)) { [self] in
            guard self.session == session, tokens.contains(token) else { return }
            guard process.isConnected, !consumers.isEmpty else {
                return process.later(milliseconds(200)) { if self.session == session { self.ask(token) } }
            }
            world.judge.asked(process)
            marks.append(Mark(token: token, ends: consumers.map { ($0, $0.partition.end) }))
            process.later(world.latency(process)) { [self] in reachMarks() }
        }
    }

    private func reachMarks() {
        guard marks.contains(where: \.isReached) else { return }
        for mark in marks where mark.isReached {
            guard tokens.contains(mark.token) else { continue }
            tokens.removeAll { $0 == mark.token }
            prove()
            process.put(.channel(.caughtUp(token: mark.token)))
        }
        marks.removeAll(where: \.isReached)
    }

    // MARK: Sending

    func publish(_ message: ControllerMessage, to inbox: Inbox) {
        guard let partition = world.broker.inbox(inbox) else { return }
        world.judge.publishes(message, process)
        let process = process
        outlet(partition).send(.toAgent(message), timeout: seconds(10)) { isStored in
            guard case .assign(let assignment) = message else { return }
            process.put(.published(fence: assignment.fence, digest: assignment.digest, delivered: isStored))
        }
    }

    private func outlet(_ partition: Broker.Partition) -> Outlet {
        if let outlet = inboxes[partition.name] { return outlet }
        let outlet = Outlet(process, to: partition)
        inboxes[partition.name] = outlet
        return outlet
    }

    func reportToAll() {
        wantsReports = false
        guard process.isConnected, !consumers.isEmpty else {
            wantsReports = true
            return
        }
        for partition in world.broker.allInboxes {
            outlet(partition).send(.toAgent(.report(instance: nil)), timeout: seconds(10)) { [self] isStored in
                if !isStored { process.later(milliseconds(500)) { self.reportToAll() } }
            }
        }
    }

    // MARK: Positions

    func commit(_ positions: [ResultsPosition]) {
        for position in positions { commits[position.partition] = position.offset }
        commitSoon()
    }

    private func commitSoon() {
        guard !isCommitDue, !commits.isEmpty else { return }
        isCommitDue = true
        process.later(milliseconds(200)) { [self] in
            isCommitDue = false
            guard process.isConnected, !consumers.isEmpty else {
                return process.later(seconds(1)) { self.commitSoon() }
            }
            // One request after the other, as one connection makes them.
            isCommitDue = true
            send(commits.sorted { $0.key < $1.key }.map { ResultsPosition(partition: $0.key, offset: $0.value) })
            commits = [:]
        }
    }

    private func send(_ positions: [ResultsPosition]) {
        let generation = world.broker.generation
        // The request is on its way, whatever becomes of the process.
        world.after(world.latency(process)) { [self, world, process, life = process.life, name = process.identity] in
            let isThere = world.broker.generation == generation && world.broker.isUp
            if isThere {
                for position in positions {
                    let partition = world.broker.results[position.partition]
                    world.judge.commits(partition, position.offset, by: name)
                    partition.committed = position.offset
                    partition.committer = name
                    world.note("\(name) commits \(partition.name)@\(position.offset)")
                }
            }
            guard process.life == life else { return }
            process.later(isThere ? 1000 : seconds(1)) { [self] in
                if !isThere, world.broker.generation == generation {
                    // Newer ones have come meanwhile, perhaps.
                    commits.merge(positions.map { ($0.partition, $0.offset) }) { newer, _ in newer }
                }
                isCommitDue = false
                commitSoon()
            }
        }
    }
}
