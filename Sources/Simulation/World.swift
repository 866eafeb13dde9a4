internal import AgentProtocol
internal import Model

/// A world of its own: controllers, agents, a broker, a store and people, on one virtual clock and one seed.
final class World {
    let scenario: Scenario
    var dice: Dice
    /// Apart from the others, so that worlds whose store isn't slow stay what they are.
    private var storeDice: Dice
    private(set) var now: Int64 = 0
    private var queue = EventQueue()
    private var history: History
    private(set) var broker: Broker
    // Everything below refers back to the world, and is made once the world is there.
    private(set) lazy var store = SimulatedStore(self)
    private(set) lazy var judge = Judge(self)
    private(set) lazy var people = People(self)
    private(set) var controllers: [ControllerProcess] = []
    private(set) var agents: [AgentProcess] = []
    private(set) var faultCounts: [Int] = Array(repeating: 0, count: Faults.named.count)
    /// When anything last kept controllers, the broker or the store from working, or a message got lost.
    private(set) var lastDisturbed: Int64 = 0
    /// When the broker last forgot everything.
    var forgottenAt = -seconds(1000)

    /// At `now` 0 by a clock that is right.
    private static let epoch: Int64 = 1_790_000_000_000_000

    init(_ scenario: Scenario) {
        self.scenario = scenario
        dice = Dice(seed: scenario.seed &* 0x2545_F491_4F6C_DD1D &+ 1)
        storeDice = Dice(seed: scenario.seed ^ 0x5EED_0000_0000_0005)
        history = History(keepsLines: scenario.keepsLines)
        var kinds: [String] = []
        for kind in scenario.agents.flatMap(\.kinds) where !kinds.contains(kind) { kinds.append(kind) }
        broker = Broker(
            kinds: kinds, inboxPartitions: scenario.inboxPartitions, resultsPartitions: scenario.resultsPartitions,
            presencePartitions: scenario.presencePartitions)
    }

    static func wall(at time: Int64) -> Timestamp { Timestamp(microseconds: epoch + time) }

    var keepsLines: Bool { history.keepsLines }
    var hasFaults: Bool { !scenario.faults.isEmpty }
    var isSkewed: Bool { scenario.faults.contains(.skew) }
    var isCalm: Bool { now >= scenario.faultsEnd }
    var hash: UInt64 { history.hash }
    var lines: [String] { history.lines }
    var eventCount: Int { queue.count }

    // MARK: Events

    func after(_ delay: Int64, _ work: @escaping () -> Void) {
        queue.push(at: now + max(0, delay), work)
    }

    func note(_ line: @autoclosure () -> String) {
        guard history.keepsLines else { return }
        history.note(line(), at: now)
    }

    /// Lets everything happen until there is nothing left to see.
    func run() {
        for number in 0..<scenario.controllers { controllers.append(ControllerProcess(self, name: "c\(number)")) }
        for plan in scenario.agents { agents.append(AgentProcess(self, plan)) }
        for (number, controller) in controllers.enumerated() {
            after(milliseconds(number * 300)) { controller.start() }
        }
        for agent in agents { after(dice.between(0, milliseconds(hasFaults ? 4000 : 100))) { agent.start() } }
        for (time, pipeline) in scenario.pipelines { after(time) { [self] in store.create(pipeline) } }
        for plan in scenario.runs { after(plan.at) { [self] in store.create(plan.run) } }
        people.begin()
        if isSkewed { struck(.skew) }
        if hasFaults { FaultPlan(self).plan() }
        after(seconds(5)) { [self] in judge.look() }
        while judge.violations.isEmpty, !judge.isOver, let event = queue.pop() {
            now = event.at
            history.happened(at: now)
            event.work()
            if queue.count > scenario.eventLimit { judge.violated("nobody runs in circles", "\(queue.count) events") }
        }
        // What is planned refers to the processes, which refer to the world.
        queue.clear()
        let processes: [SimulatedProcess] = agents + controllers
        for process in processes { process.end() }
    }

    // MARK: Chance

    /// Whether a fault of that kind strikes now.
    func strikes(_ fault: Faults, oneIn count: Int) -> Bool {
        guard scenario.faults.contains(fault), !isCalm, dice.below(count) == 0 else { return false }
        struck(fault)
        return true
    }

    func struck(_ fault: Faults) {
        if let place = Faults.named.firstIndex(where: { $0.fault == fault }) { faultCounts[place] += 1 }
    }

    func disturbed() { lastDisturbed = now }

    /// A message has gone astray: whoever it is for may have missed something.
    func disturbed(_ payload: Broker.Payload) {
        disturbed()
        guard case .toAgent(let message) = payload else { return }
        for agent in agents where message.instance.map({ $0 == agent.instance }) ?? true { agent.disturbed() }
    }

    /// One way between a process and the broker or the store.
    func latency(_ process: SimulatedProcess) -> Int64 {
        guard scenario.durations == nil else { return 1000 }
        var latency = dice.between(200, 2500)
        if strikes(.delay, oneIn: 150) {
            latency += dice.between(milliseconds(100), seconds(dice.chance(20) ? 20 : 4))
            slowed(process, until: now + latency)
        }
        return latency
    }

    /// How much longer than others a status write is on its way.
    func writeDelay(_ process: SimulatedProcess) -> Int64 {
        guard scenario.faults.contains(.slowStore), !isCalm, storeDice.chance(20) else { return 0 }
        struck(.slowStore)
        let delay = storeDice.between(milliseconds(500), seconds(storeDice.chance(50) ? 5 : 40))
        slowed(process, until: now + delay)
        return delay
    }

    func fetchLatency(_ process: SimulatedProcess) -> Int64 {
        var latency = latency(process)
        if strikes(.reorder, oneIn: 12) {
            latency += dice.between(milliseconds(10), seconds(3))
            slowed(process, until: now + latency)
        }
        return latency
    }

    private func slowed(_ process: SimulatedProcess, until time: Int64) {
        process.disturbed(until: time)
        if process is ControllerProcess { lastDisturbed = max(lastDisturbed, time) }
    }

    /// How long an attempt takes, and how it ends.
    func effort(of work: StageWork) -> Effort {
        if let durations = scenario.durations {
            let name = work.stage.split(separator: ".").first.map(String.init) ?? work.stage
            let results = (scenario.results[name] ?? []).map { Param(name: $0, value: "simulated") }
            return Effort(duration: durations[name] ?? 0, outcome: StageOutcome(.succeeded, results: results))
        }
        let results: StageOutcome.Result =
            switch dice.below(100) {
            case 0..<80: .succeeded
            case 80..<98: .failed
            default: .cancelled
            }
        var outcome = StageOutcome(results)
        if dice.chance(40) { outcome.results = [Param(name: "r", value: "v\(dice.below(10))")] }
        let duration: Int64 =
            switch dice.below(100) {
            case 0..<30: dice.between(0, milliseconds(50))
            case 30..<80: dice.between(milliseconds(50), seconds(10))
            case 80..<97: dice.between(seconds(10), seconds(60))
            default: dice.between(seconds(60), seconds(400))
            }
        return Effort(duration: duration, outcome: outcome)
    }
}
