import ClusterSupport
import Document
import Execution
import Glibc
import Model
import Synchronization
import Testing

/// Martlet in a cluster: a real API server, a broker, controllers with the rights of the chart's role and no more, and
/// agents, each a process of its own.
final class ClusterInstallation: Sendable {
    static let kinds = ["lint", "test", "build", "security"]
    /// The seconds of the Lease, as the controller has them.
    static let leaseSeconds = 15

    let home: Home
    let server: APIServer
    /// Where the runs are.
    let namespace: String
    /// Whom the controllers are.
    let account: Identity
    private let kafka: String
    private let watchingAll: Bool
    private let controllers = Mutex<[String: Child]>([:])

    private init(
        _ home: Home, _ server: APIServer, _ namespace: String, _ account: Identity, kafka: String,
        watchingAll: Bool
    ) {
        self.home = home
        self.server = server
        self.namespace = namespace
        self.account = account
        self.kafka = kafka
        self.watchingAll = watchingAll
    }

    static func start(
        in home: Home, on server: APIServer, kinds: [String] = kinds, watchingAll: Bool = false
    ) async throws -> ClusterInstallation {
        _ = try await server.installDefinitions()
        let namespace = try await server.namespace()
        let account = try await server.controllerAccount(in: namespace, everywhere: watchingAll)
        let broker = try home.start("broker", "--address-file", "kafka")
        let address = try await broker.output.line { $0.hasPrefix("127.0.0.1:") }
        let installation = ClusterInstallation(
            home, server, namespace, account, kafka: address, watchingAll: watchingAll)
        for kind in kinds { try installation.startAgent(kind) }
        return installation
    }

    // MARK: Processes

    /// Starts a controller, and waits until it has found the cluster.
    @discardableResult
    func startController(_ name: String = "controller", _ arguments: String...) async throws -> Child {
        let child = try home.start(
            Programs.martlet,
            [
                "controller", "--kubeconfig", account.kubeconfig, "--namespace", namespace, "--identity", name,
                "--installation", namespace, "--state", "state-\(name)",
                "--kafka", kafka, "--topic-partitions", "4", "--kafka-property", "fetch.wait.max.ms=20",
            ] + (watchingAll ? [] : ["--watch-namespace", namespace]) + arguments)
        controllers.withLock { $0[name] = child }
        try await child.errors.line("following")
        return child
    }

    /// Does something, and starts the controller anew whenever it ends meanwhile, as a Deployment does: one that could not
    /// renew its Lease in time ends.
    func keepingController<Result: Sendable>(
        _ name: String = "controller", _ body: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        try await withThrowingTaskGroup(of: Result?.self) { group in
            group.addTask { try await body() }
            group.addTask {
                while true {
                    try await self.controller(name).ended()
                    try await self.startController(name)
                }
            }
            defer { group.cancelAll() }
            while let result = try await group.next() {
                if let result { return result }
            }
            throw CancellationError()
        }
    }

    func controller(_ name: String = "controller") throws -> Child {
        try #require(controllers.withLock { $0[name] })
    }

    /// The controller that the Lease names.
    func leader() async throws -> (name: String, process: Child) {
        let holder = try await kubectl("get", "lease", "martlet-controller", "-o", "jsonpath={.spec.holderIdentity}")
        let name = try #require(controllers.withLock { $0.keys.sorted() }.first { holder.hasPrefix("\($0)_") })
        return (name, try controller(name))
    }

    @discardableResult
    func startAgent(_ kind: String, _ arguments: String...) throws -> Child {
        try home.start(
            Programs.martlet,
            [
                "agent", "--kind", kind, "--agent-id", kind, "--slots", "4", "--installation", namespace, "--kafka",
                kafka, "--topic-partitions", "4", "--kafka-property", "fetch.wait.max.ms=20", "--agent-state",
                "agent-\(kind)",
            ] + arguments)
    }

    // MARK: What people do

    /// kubectl in the runs' namespace, by somebody who may do everything.
    @discardableResult
    func kubectl(_ arguments: String...) async throws -> String {
        let reply = try await server.attempt(arguments + ["--namespace", namespace])
        guard reply.exit.isSuccess else {
            throw Unmet("kubectl \(arguments.joined(separator: " ")): \(reply.errorText)\(reply.outputText)")
        }
        return reply.outputText
    }

    func apply(_ manifest: String) async throws {
        try await kubectl("apply", "-f", try server.file(manifest))
    }

    /// A merge patch of a run's spec, as `docs/kubectl.md` has the verbs.
    func patch(_ run: String, _ spec: String) async throws {
        try await kubectl("patch", "mrun", run, "--type", "merge", "-p", "{\"spec\":\(spec)}")
    }

    func run(_ name: String) async throws -> PipelineRun {
        PipelineRun(reading: try parseJSON(try await kubectl("get", "mrun", name, "-o", "json")))
    }

    /// Waits for a condition as `kubectl wait` does, which watches.
    func wait(_ run: String, for condition: String, seconds: Int = 120) async throws {
        do {
            try await kubectl("wait", "mrun", run, "--for", "condition=\(condition)", "--timeout", "\(seconds)s")
        } catch {
            let run = try await kubectl("get", "mrun", run, "-o", "yaml")
            throw Unmet("\(error)\n\(run)")
        }
    }

    /// Waits for a run's end, whichever it is.
    @discardableResult
    func finished(_ name: String) async throws -> PipelineRun { try await run(name) { $0.status.isFinished } }

    /// Waits until a run is as wanted. Newer kubectls could wait for any value; this one can watch.
    @discardableResult
    func run(_ name: String, until isMet: (PipelineRun) -> Bool) async throws -> PipelineRun {
        let watch = try home.start(
            server.assets.kubectl,
            [
                "get", "mrun", name, "--namespace", namespace, "--kubeconfig", server.admin.kubeconfig, "--watch", "-o",
                "jsonpath={.metadata.resourceVersion}{\"\\n\"}",
            ])
        defer { watch.send(SIGTERM) }
        var seen = 0
        while true {
            let run = try await run(name)
            if isMet(run) { return run }
            // The first line is of the object as it was when the watch began.
            try await watch.output.count(seen + 1)
            seen = watch.output.lines.count
        }
    }
}

/// An installation for as long as the body runs. The API server is one of its own where the body takes it down.
func withCluster(
    isolation: isolated (any Actor)? = #isolation, ownServer: Bool = false,
    kinds: [String] = ClusterInstallation.kinds, _ body: (ClusterInstallation) async throws -> Void
) async throws {
    try await withHome { home in
        guard ownServer else {
            return try await body(try await .start(in: home, on: try await .shared, kinds: kinds))
        }
        try await withAPIServer { server in
            try await body(try await .start(in: home, on: server, kinds: kinds, watchingAll: true))
        }
    }
}
