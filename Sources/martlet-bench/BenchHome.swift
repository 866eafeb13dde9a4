internal import Agent
internal import AgentProtocol
internal import Assembly
internal import Controller
internal import Document
internal import Execution
internal import Glibc
internal import Kafka
internal import KubernetesAPI
internal import Logging
internal import Manifests
internal import Model
internal import Planning
internal import Stores
internal import Synchronization

/// A home for one benchmark, with its agents inside; what it leaves is removed afterwards.
final class BenchHome: ControllerObserver {
    private struct State {
        var ended: [String: Double] = [:]
        var failed: [String] = []
        var waiting: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
    }

    private let state = Mutex(State())
    /// Ends when the controller has said of a stage why it waits.
    private let (untilExplained, explained) = AsyncStream<Void>.makeStream()

    func observed(_ run: PipelineRun, happenings: [Happening], isStored: Bool) {
        guard isStored, run.status.isFinished else { return }
        let time = uptime()
        let due = state.withLock { state in
            if state.ended[run.uid] == nil { state.ended[run.uid] = time }
            if run.status.succeeded?.status != .true {
                state.failed.append("\(run.metadata.name): \(run.status.succeeded?.message ?? "")")
            }
            let due = state.waiting.filter { $0.count <= state.ended.count }
            state.waiting.removeAll { $0.count <= state.ended.count }
            return due
        }
        for waiter in due { waiter.continuation.resume() }
    }

    func unplaced(_ stages: [UnplacedStage]) {
        if !stages.isEmpty { explained.finish() }
    }

    /// Waits until the controller, which has just begun, knows that no agent will come for what waits.
    func waits() async {
        for await _ in untilExplained {}
    }

    func warned(_ warning: ControllerWarning) {
        let line = "martlet-bench: \(warning)\n"
        write(STDERR_FILENO, line, line.utf8.count)
    }

    /// Waits until that many runs have ended.
    func ended(_ count: Int) async throws {
        await withCheckedContinuation { continuation in
            let isDue = state.withLock { state in
                if state.ended.count >= count { return true }
                state.waiting.append((count, continuation))
                return false
            }
            if isDue { continuation.resume() }
        }
        if let failure = state.withLock({ $0.failed.first }) {
            throw BenchError(description: "a run failed: \(failure)")
        }
    }

    func endTime(of uid: String) -> Double? {
        state.withLock { $0.ended[uid] }
    }

    /// Runs `body` while the home works.
    ///
    /// - Parameter pipeline: What the home has from the start.
    func serve(
        agents: [AgentConfiguration], executor: (any StageExecutor)?, in place: HomeOptions,
        pipeline: Pipeline? = nil, configure: (inout ControllerOptions) -> Void = { _ in },
        _ body: @escaping @Sendable (any ServedHome) async throws -> Void
    ) async throws {
        var template = Array("/tmp/martlet-bench.XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw BenchError(description: "can't make a folder in /tmp") }
        let folder = String(decoding: template.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        var logger = Logger(label: "martlet-bench", factory: { StreamLogHandler.standardError(label: $0) })
        logger.logLevel = .warning
        var options = ControllerOptions(state: "\(folder)/state", logger: logger)
        options.agents = agents
        options.executor = executor
        if let kafka = place.kafka { options.kafka.cluster = KafkaSettings(bootstrapServers: kafka) }
        configure(&options)
        let result: Result<Void, any Error>
        do {
            if let kubeconfig = place.kubeconfig {
                try await serve(kubeconfig, place.context, options, pipeline, body)
            } else {
                var manifests: [String] = []
                if let pipeline {
                    let json = JSONWriter.text { Resource.pipeline(pipeline).write(into: &$0) }
                    try FileSystem.write(json, to: "\(folder)/pipeline.json", mode: 0o644)
                    manifests = ["\(folder)/pipeline.json"]
                }
                let controller = try LocalController(options, manifests: manifests, observers: [self])
                let problems = try controller.load(strictly: true)
                if let problem = problems.first { throw BenchError(description: problem.line) }
                try await serve({ try await controller.run() }) { try await body(controller) }
            }
            result = .success(())
        } catch {
            result = .failure(error)
        }
        try? await FileTree.remove(folder)
        try result.get()
    }

    private func serve(
        _ kubeconfig: String, _ context: String?, _ options: ControllerOptions, _ pipeline: Pipeline?,
        _ body: @escaping @Sendable (any ServedHome) async throws -> Void
    ) async throws {
        let configuration = try ClusterConfiguration.find(
            kubeconfig: kubeconfig, context: context, environment: ProcessVariables.all)
        var home = ClusterHome(
            configuration: configuration, namespace: configuration.namespace, identity: "martlet-bench")
        home.lease = "martlet-bench"
        home.watchedNamespace = configuration.namespace
        let controller = try await ClusterController.start(options, home, observers: [self])
        let served = try ServedCluster(controller, home)
        if let pipeline { try await served.create(pipeline) }
        try await serve({ try await controller.run() }) {
            do {
                try await body(served)
            } catch {
                try? await served.removeRuns()
                throw error
            }
            try await served.removeRuns()
        }
    }

    private func serve(
        _ run: @escaping @Sendable () async throws -> Void, _ body: @escaping @Sendable () async throws -> Void
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await run() }
            group.addTask { try await body() }
            try await group.next()
            group.cancelAll()
            while let _ = try await group.next() {}
        }
    }
}

struct BenchError: Error, CustomStringConvertible {
    var description: String
}

/// A run of stages that follow each other.
func chain(_ stages: Int, kind: String, script: String?) -> PipelineRun {
    var spec = PipelineRunSpec()
    var pipeline = PipelineSpec()
    for number in 0..<stages {
        var stage = StageSpec(name: "s\(number)", needs: number == 0 ? [] : ["s\(number - 1)"], run: script)
        stage.agent = kind
        pipeline.stages.append(stage)
    }
    spec.pipelineSpec = pipeline
    return PipelineRun(metadata: Metadata(), spec: spec)
}
