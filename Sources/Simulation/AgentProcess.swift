internal import Agent
internal import AgentProtocol
internal import Model

/// An agent: the real machine in a shell that does what `AgentService` does, with works that only take time.
final class AgentProcess: SimulatedProcess {
    private struct Work {
        var execution: Int
        var outcome: StageOutcome
    }

    let plan: AgentPlan
    private(set) var machine: AgentMachine
    private(set) var instance = ""
    /// The state folder: what the next process finds.
    private(set) var kept: [Int: AgentReport] = [:]
    /// Reports on their way to the state folder.
    private var keeping: Set<Int> = []
    private var works: [Fence: Work] = [:]
    private var wakeNumber = 0
    private var presenceOutlet: Outlet?
    private var resultsOutlets: [Int: Outlet] = [:]
    /// When the latest presence that the broker has was made; nil before the agent can be reached.
    private(set) var lastHeardOf: Int64?
    /// Reports that the machine may drop, since the broker has had them.
    private var acknowledged: Set<Int> = []
    /// `finished` reports that the broker may not have, and since when.
    private(set) var unheard: [Int: Int64] = [:]

    init(_ world: World, _ plan: AgentPlan) {
        self.plan = plan
        machine = AgentMachine(AgentSettings(agent: plan.name, instance: "", kinds: plan.kinds))
        super.init(world, name: plan.name)
    }

    private var time: AgentTime { AgentTime(wall: wall, uptime: uptime) }
    var isIdle: Bool { !isAlive || (machine.busySlots == 0 && machine.heldCount == 0 && works.isEmpty) }

    // MARK: Life

    func start() {
        guard !isAlive else { return }
        begin()
        instance = "\(name).\(life)"
        var settings = AgentSettings(agent: plan.name, instance: instance, kinds: plan.kinds)
        settings.slots = plan.slots
        settings.labels = plan.labels
        settings.selfFenceSeconds = plan.selfFenceSeconds
        settings.drainGraceSeconds = plan.drainGraceSeconds
        settings.keepsReports = plan.keepsReports
        if !plan.keepsReports { kept = [:] }
        machine = AgentMachine(settings, kept: kept.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })
        world.note("\(instance) starts\(kept.isEmpty ? "" : " with \(kept.count) reports kept")")
        connect()
    }

    /// Resolves the inbox's end, then listens from there.
    private func connect() {
        let generation = world.broker.generation
        later(world.latency(self) + milliseconds(20)) { [self] in
            guard brokerGeneration == generation else { return }
            guard isConnected else { return later(milliseconds(250)) { self.connect() } }
            let kind = plan.kinds.first ?? ""
            let number = world.broker.inboxNumber(of: plan.name, kind: kind)
            guard let inbox = world.broker.inbox(Inbox(kind: kind, partition: number)) else { return }
            _ = Consumer(self, inbox, from: inbox.end) { [self] consumer, range in
                let life = life
                for offset in range where self.life == life {
                    guard case .toAgent(let message) = consumer.partition.records[offset].payload else { continue }
                    world.judge.hears(message, self)
                    handle(.channel(.message(message)))
                }
            }
            if lastHeardOf == nil { lastHeardOf = world.now }
            handle(.channel(.ready(inboxPartition: number)))
        }
    }

    /// The process dies and takes its stages along.
    func kill(restartAfter delay: Int64, losingState: Bool) {
        guard isAlive else { return }
        world.note("\(instance) dies\(losingState ? " and loses its state" : "")")
        world.judge.agentEnds(self)
        endProcess()
        if losingState { kept = [:] }
        world.after(delay) { self.start() }
    }

    private func endProcess() {
        end()
        for fence in works.keys.sorted() {
            if let work = works[fence] { world.judge.ended(work.execution, "its agent died") }
        }
        works = [:]
        keeping = []
        acknowledged = []
        unheard = [:]
        presenceOutlet = nil
        resultsOutlets = [:]
        lastHeardOf = nil
    }

    func drain() {
        guard isAlive, !isPaused else { return }
        world.note("\(instance) is told to drain")
        disturbed()
        handle(.drainRequested)
    }

    override func noticeBroker() {
        guard isAlive else { return }
        world.note("\(instance) meets a new broker")
        brokerGeneration = world.broker.generation
        for consumer in consumers { consumer.close() }
        consumers = []
        handle(.channel(.unreachable))
        for outlet in outlets { outlet.refuseAll() }
        connect()
        linkChanged()
    }

    // MARK: Events and actions

    func handle(_ event: AgentEvent) {
        let life = life
        for action in machine.handle(event, at: time) {
            perform(action)
            guard self.life == life else { return }
        }
        if machine.busySlots > plan.slots {
            world.judge.violated("an agent takes no more than its slots", "\(instance): \(machine.busySlots) busy")
        }
    }

    private func perform(_ action: AgentAction) {
        switch action {
        case .send(let report, let number):
            if case .finished = report.event, unheard[number] == nil { unheard[number] = world.now }
            resultsOutlet(report.fence.run).send(.report(report)) { [self] isStored in
                if isStored {
                    acknowledged.insert(number)
                    unheard[number] = nil
                }
                handle(isStored ? .reportAcknowledged(number) : .reportRefused(number))
            }
        case .mention(let report): resultsOutlet(report.fence.run).send(.report(report)) { _ in }
        case .announce(let presence): announce(presence)
        case .start(let assignment): begin(assignment)
        case .terminate(let fence, let grace): terminate(fence, within: seconds(grace))
        case .kill(let fence): terminate(fence, within: milliseconds(50))
        case .keep(let report, let number):
            keeping.insert(number)
            // The journal's delay.
            later(milliseconds(20)) { [self] in
                if keeping.remove(number) != nil { kept[number] = report }
            }
        case .drop(let number):
            if !acknowledged.contains(number) {
                world.judge.violated(
                    "a result is kept until the broker has it", "\(instance) drops its report \(number) before its ack")
            }
            keeping.remove(number)
            kept[number] = nil
        case .wake(let at):
            wakeNumber += 1
            let number = wakeNumber
            later(max(0, at - uptime)) { [self] in if wakeNumber == number { handle(.woke) } }
        case .expectTraffic: break
        case .exit:
            world.note("\(instance) exits")
            world.judge.agentEnds(self)
            endProcess()
            world.after(world.dice.between(milliseconds(200), seconds(20))) { self.start() }
        }
    }

    private func announce(_ presence: Presence) {
        let sequence = presence.sequence
        let madeAt = world.now
        let outlet = presenceOutlet ?? Outlet(self, to: world.broker.presence(of: name))
        presenceOutlet = outlet
        outlet.send(.presence(presence), timeout: seconds(3)) { [self] isStored in
            if isStored { lastHeardOf = max(lastHeardOf ?? 0, madeAt) }
            handle(isStored ? .presenceAcknowledged(sequence: sequence) : .presenceLost(sequence: sequence))
        }
    }

    private func resultsOutlet(_ run: String) -> Outlet {
        let partition = world.broker.results(of: run)
        if let outlet = resultsOutlets[partition.number] { return outlet }
        let outlet = Outlet(self, to: partition)
        resultsOutlets[partition.number] = outlet
        return outlet
    }

    // MARK: Work

    private func begin(_ assignment: Assignment) {
        let fence = assignment.fence
        let execution = world.judge.started(assignment, self)
        let effort = world.effort(of: assignment.work)
        var outcome = effort.outcome
        var duration = effort.duration
        let limit = seconds(assignment.work.timeoutSeconds)
        if duration >= limit {
            duration = limit
            outcome.result = .timedOut
            outcome.results = []
        }
        outcome.message = "#\(execution)#"
        works[fence] = Work(execution: execution, outcome: outcome)
        endWork(fence, execution, after: duration)
    }

    /// Processes end by themselves, though the agent that holds them stands still; it says so once it goes on.
    private func endWork(_ fence: Fence, _ execution: Int, after delay: Int64) {
        let life = life
        world.after(delay) { [self] in
            guard self.life == life, let work = works[fence], work.execution == execution else { return }
            works[fence] = nil
            world.judge.ended(execution, work.outcome.result.rawValue)
            whenAwake { self.handle(.workEnded(fence, work.outcome)) }
        }
    }

    private func terminate(_ fence: Fence, within limit: Int64) {
        guard var work = works[fence] else { return }
        work.outcome = StageOutcome(.cancelled, message: "#\(work.execution)#")
        works[fence] = work
        endWork(fence, work.execution, after: world.dice.between(0, limit))
    }

    /// How many stages' processes there are.
    var runningCount: Int { works.count }

    /// Whether a report is in the state folder, or about to be.
    func isKept(_ number: Int) -> Bool { kept[number] != nil || keeping.contains(number) }
}
