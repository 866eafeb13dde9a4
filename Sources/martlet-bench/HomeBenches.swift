internal import Agent
internal import AgentProtocol
internal import ArgumentParser
internal import Assembly
internal import Controller
internal import Model
internal import Stores
internal import Synchronization

struct HomeOptions: ParsableArguments {
    @Option(help: "HOST:PORT of real brokers instead of the embedded one.") var kafka: String?
    @Option(help: "A kubeconfig: the Kubernetes home there, in its context's namespace, instead of a folder.")
    var kubeconfig: String?
    @Option(help: "Another context of the kubeconfig.") var context: String?

    var name: String { kubeconfig == nil ? "folder" : "kubernetes" }

    /// Says what is to be reached in the home at hand.
    func goal(folder: String, kubernetes: String) -> String { kubeconfig == nil ? folder : kubernetes }
}

/// How long it takes from the end of one stage's work to the start of the next one's process.
struct HandoffBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "handoff",
        abstract: "From a stage's result to the start of the next stage's process.",
        discussion: "A run of stages in a row, each `run: \"true\"` without a source.")

    @Option(name: .customShort("n"), help: "Hand-overs to measure.") var count = 200
    @OptionGroup var home: HomeOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let perRun = 40
        let runs = max(1, (count + perRun - 1) / perRun)
        let home = BenchHome()
        let probe = Probe()
        let cpu = Mutex(0.0)
        var agent = AgentConfiguration(kinds: ["shell"], id: "bench-shell", isInProcess: true)
        agent.slots = 2
        try await home.serve(agents: [agent], executor: probe, in: self.home) { served in
            let before = processorTime()
            for number in 0..<runs {
                _ = try await served.create(chain(perRun + 1, kind: "shell", script: "true"))
                try await home.ended(number + 1)
            }
            cpu.withLock { $0 = (processorTime() - before) / Double(runs) }
        }
        let samples = probe.gaps
        Measurement(
            benchmark: "handoff", home: self.home.name, n: samples.count, samples: samples,
            goal: self.home.goal(folder: "p50 of at most 5 ms", kubernetes: "p50 of at most 12 ms")
        ).show(asJSON: output.json)
    }
}

/// Notes when a stage's work has ended and when the next one's process has been started.
private final class Probe: StageExecutor {
    private struct State {
        var ended: [String: Timestamp] = [:]
        var gaps: [Double] = []
    }

    private let inner: any StageExecutor
    private let state = Mutex(State())

    init() {
        inner = WorkExecutor(
            AgentConfiguration(kinds: ["shell"], isInProcess: true), environment: ProcessVariables.all)
    }

    /// In microseconds.
    var gaps: [Double] { state.withLock { $0.gaps } }

    func execute(_ assignment: Assignment, context: StageContext) async -> StageOutcome {
        let outcome = await inner.execute(assignment, context: context)
        let now = Moment.now.wall
        state.withLock { state in
            if let started = outcome.startTime, let before = state.ended[assignment.fence.run] {
                state.gaps.append(Double(started.since(before)))
            }
            state.ended[assignment.fence.run] = now
        }
        return outcome
    }

    func release(_ fence: Fence) async { await inner.release(fence) }
}

/// How long a run takes that is alone.
struct RunBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "One run of four no-op stages at a time, from created to Succeeded.")

    @Option(name: .customShort("n"), help: "Runs.") var count = 50
    @OptionGroup var home: HomeOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let home = BenchHome()
        let samples = Mutex<[Double]>([])
        let cpu = Mutex(0.0)
        let count = count
        var agent = AgentConfiguration(kinds: ["noop"], id: "bench-noop", isInProcess: true)
        agent.slots = 8
        try await home.serve(agents: [agent], executor: NoopExecutor(), in: self.home) { served in
            // The first one waits for the agent's first presence.
            _ = try await served.create(chain(4, kind: "noop", script: nil))
            try await home.ended(1)
            let before = processorTime()
            for number in 0..<count {
                let began = uptime()
                let uid = try await served.create(chain(4, kind: "noop", script: nil))
                try await home.ended(number + 2)
                let end = home.endTime(of: uid) ?? uptime()
                samples.withLock { $0.append(end - began) }
            }
            cpu.withLock { $0 = (processorTime() - before) / Double(count) }
        }
        Measurement(
            benchmark: "run", home: self.home.name, n: count, samples: samples.withLock { $0 },
            cpuMillisecondsPerRun: cpu.withLock { $0 },
            goal: self.home.goal(folder: "at most 40 ms", kubernetes: "at most 90 ms")
        ).show(asJSON: output.json)
    }
}

/// How many runs a second go through when many are there at once.
struct ThroughputBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "throughput", abstract: "Many runs of four no-op stages at once.",
        discussion: """
            The agents live in the process and start no processes, so that what is measured is the controller, the \
            store and Kafka. The processor time is that of all of them together, the embedded broker included.
            """)

    @Option(name: .customShort("n"), help: "Runs.") var count = 2000
    @Option(help: "Agents.") var agents = 4
    @Option(help: "Slots of each agent.") var slots = 64
    @OptionGroup var home: HomeOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let home = BenchHome()
        let figures = Mutex((seconds: 0.0, cpu: 0.0))
        let count = count
        let agents = (0..<agents).map { number in
            var agent = AgentConfiguration(kinds: ["noop"], id: "bench-noop-\(number)", isInProcess: true)
            agent.slots = slots
            return agent
        }
        try await home.serve(agents: agents, executor: NoopExecutor(), in: self.home) { served in
            _ = try await served.create(chain(4, kind: "noop", script: nil))
            try await home.ended(1)
            let (began, before) = (uptime(), processorTime())
            for _ in 0..<count {
                _ = try await served.create(chain(4, kind: "noop", script: nil))
            }
            try await home.ended(count + 1)
            let (end, after) = (uptime(), processorTime())
            figures.withLock { $0 = ((end - began) / 1e6, after - before) }
        }
        let (seconds, cpu) = figures.withLock { $0 }
        Measurement(
            benchmark: "throughput", home: self.home.name, n: count, perSecond: Double(count) / seconds,
            cpuMillisecondsPerRun: cpu / Double(count),
            goal: self.home.goal(folder: "at least 1,000 a second", kubernetes: "at least 60 a second")
        ).show(asJSON: output.json)
    }
}

/// What a run costs besides time.
struct CostBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cost",
        abstract: "What a run of four no-op stages costs: writes, bytes where it is kept, processor time.",
        discussion: """
            Writes are all that the controller sends to the API server to change something: statuses, Events, and the \
            Lease now and then. The bytes are those of the finished object as the server keeps it. The processor time \
            is that of the whole process: controller, agents, and the embedded broker.
            """)

    @Option(name: .customShort("n"), help: "Runs, ten of them at once.") var count = 200
    @OptionGroup var home: HomeOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let home = BenchHome()
        let figures = Mutex((cpu: 0.0, writes: Double?.none, bytes: Double?.none))
        let count = count
        var agent = AgentConfiguration(kinds: ["noop"], id: "bench-noop", isInProcess: true)
        agent.slots = 64
        try await home.serve(agents: [agent], executor: NoopExecutor(), in: self.home) { served in
            _ = try await served.create(chain(4, kind: "noop", script: nil))
            try await home.ended(1)
            let (before, written) = (processorTime(), served.writes)
            var uids: [String] = []
            while uids.count < count {
                for _ in 0..<min(10, count - uids.count) {
                    uids.append(try await served.create(chain(4, kind: "noop", script: nil)))
                }
                try await home.ended(1 + uids.count)
            }
            let cpu = (processorTime() - before) / Double(count)
            var bytes: [Int] = []
            for uid in uids.prefix(20) { if let size = try await served.storedBytes(uid) { bytes.append(size) } }
            let writes = written.flatMap { before in served.writes.map { Double($0 - before) / Double(count) } }
            let size = bytes.isEmpty ? nil : Double(bytes.reduce(0, +)) / Double(bytes.count)
            figures.withLock { $0 = (cpu, writes, size) }
        }
        let (cpu, writes, bytes) = figures.withLock { $0 }
        Measurement(
            benchmark: "cost", home: self.home.name, n: count, cpuMillisecondsPerRun: cpu, writesPerRun: writes,
            etcdBytesPerRun: bytes, goal: "at most 6 status writes, 4,096 bytes, 3 ms"
        ).show(asJSON: output.json)
    }
}
