import Glibc
import Synchronization
import TestSupport

/// What goes wrong in a soak: at random times, to processes chosen at random, everything from one seed.
final class SoakFaults: Sendable {
    enum Kind: String, CaseIterable, Sendable {
        case agentKilled = "agent killed"
        case agentStopped = "agent stopped"
        case agentCutOff = "agent cut off"
        case controllerKilled = "controller killed"
        case controllerStopped = "controller stopped"
        case controllerCutOff = "controller cut off"
        case brokerDown = "broker down"
        case brokerStopped = "broker stopped"
        case brokerReplaced = "broker replaced"
        case everythingKilled = "all agents and the controller killed"
    }

    private struct State {
        var counts: [Kind: Int] = [:]
        /// Agents that something is being done to.
        var busy: Set<String> = []
        /// Faults by agent that may cost it what it holds.
        var costly: [String: Int] = [:]
    }

    private static let agentKinds: [Kind] = [.agentKilled, .agentKilled, .agentStopped, .agentCutOff]
    private static let otherKinds: [Kind] = [
        .controllerKilled, .controllerKilled, .controllerStopped, .controllerCutOff, .brokerDown, .brokerDown,
        .brokerStopped, .brokerReplaced, .everythingKilled,
    ]
    /// An agent that is away for so long may be taken for lost: a lease, less what it may need to be heard again.
    private static let costlySeconds = 3.0

    private let installation: Installation
    private let state = Mutex(State())

    init(_ installation: Installation) { self.installation = installation }

    var counts: [Kind: Int] { state.withLock { $0.counts } }
    func costlyFaults(of agent: String) -> Int { state.withLock { $0.costly[agent] ?? 0 } }

    /// Troubles agents, several at a time, until the time is up and all are well again.
    func troubleAgents(seed: UInt64, until end: ContinuousClock.Instant) async throws {
        var chance = SeededGenerator(seed: seed)
        try await withThrowingTaskGroup(of: Void.self) { group in
            while ContinuousClock.now < end {
                try await Task.sleep(for: .seconds(Double.random(in: 1...8, using: &chance)))
                let agents = installation.agentNames
                guard let agent = agents.randomElement(using: &chance),
                    let kind = Self.agentKinds.randomElement(using: &chance)
                else { continue }
                let seconds = Double.random(in: 0.5...25, using: &chance)
                let refuses = Bool.random(using: &chance)
                guard state.withLock({ $0.busy.insert(agent).inserted }) else { continue }
                group.addTask {
                    try await self.trouble(agent, kind, for: seconds, refuses: refuses)
                    self.state.withLock { _ = $0.busy.remove(agent) }
                }
            }
            try await group.waitForAll()
        }
    }

    private func trouble(_ agent: String, _ kind: Kind, for seconds: Double, refuses: Bool) async throws {
        count(kind)
        if kind == .agentKilled || seconds >= Self.costlySeconds {
            state.withLock { $0.costly[agent, default: 0] += 1 }
        }
        switch kind {
        case .agentStopped:
            try installation.agent(agent).send(SIGSTOP)
            try await Task.sleep(for: .seconds(seconds))
            try installation.agent(agent).send(SIGCONT)
        case .agentCutOff:
            try installation.network(of: agent).set(refuses ? .closed : .silent)
            try await Task.sleep(for: .seconds(seconds))
            try installation.network(of: agent).set(.open)
        default:
            try await installation.agent(agent).crash()
            try await Task.sleep(for: .seconds(seconds / 10))
            try installation.startAgent(agent)
        }
    }

    /// Troubles controller and broker, one after the other, until the time is up and all is well again.
    func troubleOthers(seed: UInt64, until end: ContinuousClock.Instant) async throws {
        var chance = SeededGenerator(seed: seed &+ 1)
        while ContinuousClock.now < end {
            try await Task.sleep(for: .seconds(Double.random(in: 3...15, using: &chance)))
            guard let kind = Self.otherKinds.randomElement(using: &chance) else { continue }
            try await trouble(kind, for: Double.random(in: 0.5...20, using: &chance))
        }
    }

    private func trouble(_ kind: Kind, for seconds: Double) async throws {
        count(kind)
        let pause = Duration.seconds(seconds)
        switch kind {
        case .controllerStopped:
            try installation.controller.send(SIGSTOP)
            try await Task.sleep(for: pause)
            try installation.controller.send(SIGCONT)
        case .controllerCutOff:
            try installation.network(of: "controller").set(.silent)
            try await Task.sleep(for: pause)
            try installation.network(of: "controller").set(.open)
        case .brokerDown:
            try await installation.takeBrokerDown()
            try await Task.sleep(for: pause)
            try await installation.bringBrokerUp()
        case .brokerStopped:
            try installation.broker.send(SIGSTOP)
            try await Task.sleep(for: pause)
            try installation.broker.send(SIGCONT)
        case .brokerReplaced:
            try await installation.killBroker()
            try await Task.sleep(for: pause / 10)
            try await installation.startBroker()
        case .everythingKilled:
            let agents = state.withLock { state in
                let free = installation.agentNames.filter { !state.busy.contains($0) }
                state.busy.formUnion(free)
                for agent in free { state.costly[agent, default: 0] += 1 }
                return free
            }
            for agent in agents { try installation.agent(agent).send(SIGKILL) }
            try await installation.controller.crash()
            for agent in agents { try await installation.agent(agent).ended() }
            try await installation.startController()
            for agent in agents { try installation.startAgent(agent) }
            state.withLock { $0.busy.subtract(agents) }
        default:
            try await installation.controller.crash()
            try await Task.sleep(for: pause / 10)
            try await installation.startController()
        }
    }

    private func count(_ kind: Kind) { state.withLock { $0.counts[kind, default: 0] += 1 } }
}
