import AgentProtocol
import Execution
import Glibc
import Kafka
import Model
import Synchronization
import Testing

/// A whole installation, each of its parts a process of its own: a broker, a controller, and an agent of each kind.
///
/// Each process but the broker reaches Kafka through a relay of its own. On a cluster that isn't the test's there are
/// neither broker nor relays, and the installation's topics are deleted in the end.
final class Installation: Sendable {
    enum Cluster: Sendable, CustomStringConvertible {
        case own
        case real(String)

        /// The test's own, and a real one where `MARTLET_TEST_KAFKA=HOST:PORT` names it.
        static var available: [Cluster] {
            [.own] + (getenv("MARTLET_TEST_KAFKA").map { [.real(String(cString: $0))] } ?? [])
        }

        var description: String { if case .own = self { "own broker" } else { "real cluster" } }
    }

    static let kinds = ["lint", "test", "build", "security"]
    /// Of each agent.
    static let slots = 4

    private struct State {
        var broker: Child?
        var controller: Child?
        var agents: [String: Child] = [:]
        var relays: [String: KafkaRelay] = [:]
    }

    let home: Home
    private let cluster: Cluster
    private let topics: Topics
    private let state = Mutex(State())

    private init(_ home: Home, on cluster: Cluster) {
        self.home = home
        self.cluster = cluster
        topics = Topics(prefix: "chaos-\(String(UInt64.random(in: .min ... .max), radix: 36)).")
    }

    /// Starts everything. Agents' ids are their kinds, and for `spares` the kinds with `-2` behind.
    static func start(in home: Home, on cluster: Cluster = .own, spares: Bool = false) async throws -> Installation {
        let installation = Installation(home, on: cluster)
        if case .own = cluster { try await installation.startBroker() }
        try await installation.startController()
        for kind in kinds { try installation.startAgent(kind) }
        if spares { for kind in kinds { try installation.startAgent("\(kind)-2") } }
        return installation
    }

    /// To be called at the end of a test, whatever came of it; the home ends the processes.
    func close() async {
        for relay in state.withLock({ $0.relays.values.map(\.self) }) { relay.end() }
        guard case .real(let address) = cluster else { return }
        for child in processes { child.send(SIGKILL) }
        for child in processes { try? await child.ended() }
        do {
            let admin = try KafkaAdmin(KafkaSettings(bootstrapServers: address))
            let names = try await admin.topics().map(\.name).filter { $0.hasPrefix(topics.prefix) }
            try await admin.deleteTopics(names)
            await admin.close()
        } catch {
            Issue.record("the topics \(topics.prefix)… may be left on the cluster: \(error)")
        }
    }

    // MARK: Processes

    var broker: Child { get throws { try #require(state.withLock { $0.broker }) } }
    var controller: Child { get throws { try #require(state.withLock { $0.controller }) } }
    func agent(_ id: String) throws -> Child { try #require(state.withLock { $0.agents[id] }) }
    /// The network of `controller`, or of an agent by its id; only on the test's own broker.
    func network(of name: String) throws -> KafkaRelay { try #require(state.withLock { $0.relays[name] }) }

    var agentNames: [String] { state.withLock { $0.agents.keys.sorted() } }

    private var processes: [Child] {
        state.withLock { [$0.broker, $0.controller].compactMap(\.self) + $0.agents.values }
    }

    /// Starts a broker, or another one in the place of one that has ended.
    func startBroker() async throws {
        let child = try home.start("broker", "--topic-prefix", topics.prefix, "--address-file", "kafka")
        let address = try await child.output.line { $0.hasPrefix("127.0.0.1:") }
        let relays = state.withLock { state in
            state.broker = child
            return state.relays.values.map(\.self)
        }
        for relay in relays {
            try relay.lead(to: address)
            relay.set(.open)
        }
    }

    func killBroker() async throws {
        for relay in state.withLock({ $0.relays.values.map(\.self) }) { relay.set(.closed) }
        try await broker.crash()
    }

    /// Has the broker cut all connections and refuse new ones, as it then does.
    func takeBrokerDown() async throws {
        let broker = try broker
        let count = broker.output.lines.count
        for relay in state.withLock({ $0.relays.values.map(\.self) }) { relay.set(.closed) }
        broker.send(SIGUSR1)
        try await broker.output.line("down", from: count)
    }

    func bringBrokerUp() async throws {
        let broker = try broker
        let count = broker.output.lines.count
        broker.send(SIGUSR2)
        try await broker.output.line("up", from: count)
        for relay in state.withLock({ $0.relays.values.map(\.self) }) { relay.set(.open) }
    }

    func startController() async throws {
        let child = try await home.controller(try kafka(for: "controller"))
        state.withLock { $0.controller = child }
    }

    func startAgent(_ id: String) throws {
        let kind = id.hasSuffix("-2") ? String(id.dropLast(2)) : id
        let child = try home.start(
            Programs.martlet, ["agent", "--kind", kind, "--agent-id", id, "--slots", "\(Self.slots)"] + kafka(for: id))
        state.withLock { $0.agents[id] = child }
    }

    private func kafka(for name: String) throws -> [String] {
        switch cluster {
        case .real(let address):
            return ["--kafka", address, "--topic-prefix", topics.prefix, "--topic-partitions", "4"]
        case .own:
            let relay = try state.withLock { state in
                if let relay = state.relays[name] { return relay }
                let address = try home.read("kafka")
                let relay = try KafkaRelay(to: String(address.prefix { $0 != "\n" }))
                state.relays[name] = relay
                return relay
            }
            // The broker wakes no fetch that waits.
            return [
                "--kafka", relay.address, "--topic-prefix", topics.prefix, "--kafka-property", "fetch.wait.max.ms=20",
            ]
        }
    }

    // MARK: What stages did

    /// A piece of script that signs in on disk.
    var signIn: String { "\(Effects.findAgent)\necho \"began $MARTLET_FENCE $agent\" >> \(home.path)/effects" }

    /// A piece of script that signs in: on disk, then to whoever waits.
    var enter: String {
        """
        \(signIn)
        echo "began $MARTLET_RUN $MARTLET_FENCE" > \(home.path)/bell
        """
    }

    var leave: String { "echo \"ended $MARTLET_FENCE $agent\" >> \(home.path)/effects" }

    var effects: Effects {
        get throws { try Effects(FileSystem.exists("\(home.path)/effects") ? home.read("effects") : "") }
    }

    /// The processes of the stages of a run, as `/proc` has them.
    func stageProcesses(of run: String) -> [String] {
        ProcessTable.processes(with: "MARTLET_FENCE=\(run)/").map(ProcessTable.command)
    }

    /// Holds a finished run to what it may have cost: one accepted execution of each stage, and another one for each loss.
    func check(_ run: PipelineRun, losses: [String: Int] = [:], _ what: String) throws {
        let effects = try effects
        #expect(run.status.succeeded?.status == .true, "\(what): \(run.status.succeeded?.message ?? "")")
        #expect(effects.repeated.isEmpty, "\(what): an agent has begun one fence twice")
        for stage in run.status.stages {
            let name = "\(what), \(run.metadata.name), \(stage.id)"
            let lost = losses[stage.id] ?? 0
            #expect(stage.state == .succeeded, "\(name)")
            #expect(stage.failures == 0, "\(name)")
            #expect(stage.losses == lost, "\(name)")
            // Numbers may be left out: an assignment that was not claimed in time is neither failure nor loss.
            let attempts = executions(of: stage, in: run, effects)
            #expect(attempts.count == 1 + lost, "\(name): \(attempts)")
            #expect(attempts.last == stage.attempt, "\(name): \(attempts)")
            let accepted = Fence(run: run.uid, stage: stage.id, attempt: stage.attempt)
            #expect(effects.ended.count { $0.fence == accepted } == 1, "\(name)")
        }
    }

    private func executions(of stage: StageStatus, in run: PipelineRun, _ effects: Effects) -> [Int] {
        effects.executions(of: stage.id, in: run.uid).map(\.fence.attempt).sorted()
    }
}
