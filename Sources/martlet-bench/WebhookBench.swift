internal import Agent
internal import ArgumentParser
internal import Assembly
internal import Crypto
internal import HTTPClient
internal import Model
internal import Synchronization
internal import Threads
internal import Web

/// How long deliveries of a webhook wait for their answers while many arrive.
struct WebhookBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "webhook",
        abstract: "Signed pushes at a fixed rate, each of which makes a run.",
        discussion: """
            What is measured is the time from the moment at which a delivery was due to its answer, so that a delivery \
            that has to wait for a connection counts with its wait. Server, controller, agents and the sender share \
            this process and this machine.
            """)

    @Option(help: "Deliveries a second.") var rate = 1000
    @Option(help: "How long they arrive.") var seconds = 10
    @Option(help: "Connections.") var connections = 32
    @Option(help: "Agents; with none the runs are made and wait.") var agents = 0
    @OptionGroup var home: HomeOptions
    @OptionGroup var output: OutputOptions

    private static let secret = "not a secret: it guards a benchmark"
    private static let commit = "2a2ca4d7ec0f5b1c9d3e8f7a6b5c4d3e2f1a0b9c"

    func run() async throws {
        let home = BenchHome()
        let samples = Samples()
        let cpu = Mutex(0.0)
        let (rate, count, connections) = (rate, rate * seconds, connections)
        let (ports, listening) = AsyncStream.makeStream(of: Int.self)
        let hasAgents = agents > 0
        let agents = (0..<agents).map { number in
            var agent = AgentConfiguration(kinds: ["noop"], id: "bench-noop-\(number)", isInProcess: true)
            agent.slots = 64
            return agent
        }
        var web = WebSettings(listen: ListenAddress(port: 0))
        web.secrets = try WebhookSecrets(text: Self.secret)
        let settings = web
        try await home.serve(
            agents: agents, executor: NoopExecutor(), in: self.home, pipeline: Self.pipeline,
            configure: { options in
                options.web = settings
                options.listening = { listening.yield($0) }
            }
        ) { _ in
            var iterator = ports.makeAsyncIterator()
            guard let port = await iterator.next() else { throw BenchError(description: "the server has no port") }
            let sender = try Sender(port: port, connections: connections)
            // The first one waits until everything has been listed, and for an agent's first presence, as long as that takes.
            while try await sender.deliver("warm-up", due: uptime()).status == 503 {
                try await Task.sleep(for: .milliseconds(50))
            }
            if hasAgents { try await home.ended(1) } else { await home.waits() }
            let (began, before) = (uptime(), processorTime())
            // On a thread of their own, as if they were elsewhere: the pool is the controller's.
            let executor = try ThreadExecutor("bench-sender")
            defer { executor.stop() }
            try await withTaskExecutorPreference(executor) {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for number in 0..<count {
                        let due = began + Double(number) * 1e6 / Double(rate)
                        let early = due - uptime()
                        if early > 500 { try await Task.sleep(for: .microseconds(Int(early))) }
                        group.addTask {
                            let (status, time) = try await sender.deliver("\(number)", due: due)
                            guard status == 202 else {
                                throw BenchError(description: "a delivery was answered \(status)")
                            }
                            samples.add(time)
                        }
                    }
                    try await group.waitForAll()
                }
            }
            if hasAgents { try await home.ended(1 + count) }
            cpu.withLock { $0 = (processorTime() - before) / Double(count) }
            await sender.close()
        }
        Measurement(
            benchmark: "webhook", home: self.home.name, n: count, samples: samples.all,
            perSecond: Double(rate), cpuMillisecondsPerRun: cpu.withLock { $0 },
            goal: self.home.goal(
                folder: "p99 at most 50 ms at 1,000 a second", kubernetes: "p99 at most 50 ms at 100 a second")
        ).show(asJSON: output.json)
    }

    private static var pipeline: Pipeline {
        var stage = StageSpec(name: "work")
        stage.agent = "noop"
        var spec = PipelineSpec()
        spec.stages = [stage]
        var source = PipelineSource()
        source.url = "https://github.com/acme/app"
        spec.source = source
        var trigger = Trigger()
        trigger.push = RefFilter()
        spec.triggers = [trigger]
        return Pipeline(metadata: Metadata(name: "bench-webhook"), spec: spec)
    }

    private final class Samples: Sendable {
        private let times = Mutex<[Double]>([])

        var all: [Double] { times.withLock { $0 } }

        func add(_ time: Double) { times.withLock { $0.append(time) } }
    }

    /// Sends the same push again and again, each time as another delivery.
    private final class Sender: Sendable {
        private let http: HTTPClient
        private let url: String
        private let body: [UInt8]
        private let signature: String
        private let prefix = String(UInt64.random(in: .min ... .max), radix: 36)

        init(port: Int, connections: Int) throws {
            var settings = HTTPClientSettings(proxy: .none)
            settings.maxConnectionsPerHost = connections
            http = try HTTPClient(settings, name: "bench")
            url = "http://127.0.0.1:\(port)/webhooks/github"
            // As large as those that GitHub sends.
            let padding = (0..<60).map { "\"field_\($0)_url\": \"https://api.github.com/repos/acme/app/things{/sha}\"" }
            body = Array(
                """
                {"ref": "refs/heads/main", "before": "\(String(repeating: "1", count: 40))", "after": "\(commit)",
                 "created": false, "deleted": false, "forced": false,
                 "repository": {"full_name": "acme/app", "name": "app", "owner": {"login": "acme"},
                 "clone_url": "https://github.com/acme/app.git", \(padding.joined(separator: ", "))},
                 "sender": {"login": "ada"}, "pusher": {"name": "ada"},
                 "head_commit": {"id": "\(commit)", "message": "Measure", "added": [], "removed": [], "modified": ["a"]},
                 "commits": [{"id": "\(commit)", "message": "Measure", "added": [], "removed": [], "modified": ["a"]}]}
                """.utf8)
            let code = HMAC<SHA256>.authenticationCode(
                for: body, using: SymmetricKey(data: Array(WebhookBench.secret.utf8)))
            signature = code.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
        }

        func close() async { await http.close() }

        /// The answer's status, and the microseconds from the time that it was due.
        func deliver(_ id: String, due: Double) async throws -> (status: Int, time: Double) {
            var headers: HTTPHeaders = ["Content-Type": "application/json"]
            headers.append("X-GitHub-Event", "push")
            headers.append("X-GitHub-Delivery", "\(prefix)-\(id)")
            headers.append("X-Hub-Signature-256", "sha256=\(signature)")
            let answer = try await http.send(HTTPRequest("POST", url, headers: headers, body: body))
            return (answer.status, uptime() - due)
        }
    }
}
