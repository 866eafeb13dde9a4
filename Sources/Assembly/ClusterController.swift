package import Controller
internal import Document
package import KubernetesAPI
internal import Logging
internal import Model
internal import Stores
internal import Telemetry

/// Where a controller finds its resources in a cluster, and how it is known there.
package struct ClusterHome: Sendable {
    package var configuration: ClusterConfiguration
    /// Of the Lease.
    package var namespace: String
    package var lease = "martlet-controller"
    /// Whose resources are followed; those of all namespaces when absent.
    package var watchedNamespace: String?
    /// By default the namespace's UID.
    package var installation: String?
    /// Begins the name that this process has in the Lease.
    package var identity: String

    package init(configuration: ClusterConfiguration, namespace: String, identity: String) {
        self.configuration = configuration
        self.namespace = namespace
        self.identity = identity
    }
}

/// The Kubernetes home as one process: resources in the API, a Lease that says who leads, brokers, and the logs.
///
/// Every replica reads agents' output into its own log store; the one that leads does everything else.
package final class ClusterController: Sendable {
    /// How agents have to call the installation.
    package let installation: String
    /// What has been asked of the API server: for metrics and benchmarks.
    package var requestCounters: RequestCounters { client.counters }

    private let client: KubernetesClient
    private let store: KubernetesStore
    private let events: KubernetesEvents
    private let election: LeaseElection
    private let lock: FolderLock
    private let unit: ControllerUnit
    private let board = RunBoard()
    /// Sees what there is for the web server until this process leads, and makes its runs; writes nothing that needs a
    /// lead.
    private let view: KubernetesStore?
    private let handled: HandledDeliveries

    /// Opens the state folder as its only process, and asks the API server who the installation is unless that is given.
    ///
    /// - Throws: `APIError`, `StateError` for the folder, `KafkaError` for Kafka's settings.
    package static func start(
        _ options: ControllerOptions, _ home: ClusterHome, observers: [any ControllerObserver] = []
    ) async throws -> ClusterController {
        let client = try KubernetesClient(home.configuration)
        do {
            let installation: String
            if let given = home.installation {
                installation = given
            } else {
                installation = try await client.uid(ofNamespace: home.namespace)
            }
            return try ClusterController(options, home, client, installation, observers)
        } catch {
            await client.close()
            throw error
        }
    }

    private init(
        _ options: ControllerOptions, _ home: ClusterHome, _ client: KubernetesClient, _ installation: String,
        _ observers: [any ControllerObserver]
    ) throws {
        self.client = client
        self.installation = installation
        let logger = options.logger
        let warn: @Sendable (String) -> Void = { logger.warning("\($0)") }
        let folder = try StateFolder.made(at: options.state)
        lock = try folder.lock()
        let election = LeaseElection(
            client, namespace: home.namespace, name: home.lease, identity: LeaseElection.identity(host: home.identity),
            report: { state in
                switch state {
                case .standby(""): break
                case .standby(let holder): logger.notice("standing by", metadata: ["leader": "\(holder)"])
                case .leading: logger.notice("leading")
                case .lost: logger.error("the lease is lost")
                }
            }, warn: warn)
        self.election = election
        store = KubernetesStore(client, namespace: home.watchedNamespace, mayAct: election.mayAct, warn: warn)
        let view = KubernetesStore(client, namespace: home.watchedNamespace, mayAct: { false }, warn: warn)
        self.view = options.web == nil ? nil : view
        let handled = HandledDeliveries(
            client, namespace: home.namespace, name: "\(home.lease)-deliveries", warn: warn)
        self.handled = handled
        events = KubernetesEvents(client, instance: home.identity, mayAct: election.mayAct, warn: warn)
        unit = try ControllerUnit(
            options,
            ControllerUnit.Home(
                store: store, installation: installation, source: home.identity, allowsLocalSources: false,
                logGroup: folder.installation, notesSpecHash: true, mayAct: election.mayAct, board: board,
                desk: { ClusterDesk(view, board: $0, handled: handled) },
                addMetrics: { $0.addCluster { client.figures } }),
            in: folder, logs: try FolderLogStore(folder, reportingTo: options.logger), observers: observers + [events])
    }

    /// Works until the task is cancelled. A leader gives its Lease back then, so that another need not wait for its end.
    ///
    /// - Throws: `LeadershipLost`: another process may lead by now.
    package func run() async throws {
        let result: Result<Void, any Error>
        // Not a child of the group: it ends before the others, and only when it is told to.
        let standby = view.map { view in Task { [board] in try await view.follow { board.followed($0) } } }
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await self.unit.serveLink() }
                if view != nil {
                    group.addTask { try await self.unit.serveWeb() }
                    group.addTask { await self.handled.run() }
                }
                group.addTask { try await self.events.run() }
                group.addTask {
                    try await self.election.run {
                        // From here on the controller feeds the board with what it sees itself.
                        standby?.cancel()
                        _ = await standby?.result
                        try await self.unit.lead()
                    }
                }
                // The first that ends, by a failure or because everything is to end, takes the others along.
                try await group.next()
                group.cancelAll()
            }
            result = .success(())
        } catch {
            result = .failure(error)
        }
        standby?.cancel()
        _ = await standby?.result
        await unit.close()
        // Not cancelled with everything else.
        if view != nil { await Task { await handled.synchronise() }.value }
        await client.close()
        lock.release()
        if case .failure(let error) = result, !(error is CancellationError) { throw error }
    }

    /// Has the agents inside finish what they run, and take nothing more; returns when they have, or when the time is up.
    ///
    /// Those of a standby have not begun, and won't: it is to end, not to lead.
    package func drain(for limit: Duration) async {
        unit.announceStop()
        if election.mayAct() { await unit.drain(for: limit) }
    }
}

extension KubernetesClient {
    fileprivate var figures: ClusterFigures {
        let counters = counters
        var figures = ClusterFigures()
        figures.requests = counters.lines.map {
            ClusterFigures.Requests(method: $0.method.rawValue, code: $0.outcome.rawValue, count: $0.count)
        }
        figures.retries = counters.retries
        figures.throttledSeconds = counters.throttledSeconds
        figures.watches = counters.streams
        return figures
    }

    /// An installation without a name of its own is the namespace that it is in.
    fileprivate func uid(ofNamespace name: String) async throws(APIError) -> String {
        let bytes: [UInt8]
        do throws(APIError) {
            bytes = try await send(APIRequest(.get, "/api/v1/namespaces/\(name)"))
        } catch {
            guard case .refused(var status) = error, status.code == 403 else { throw error }
            status.message += ", whose UID names the installation unless --installation ID does"
            throw .refused(status)
        }
        guard let uid = (try? parseJSON(bytes))?["metadata"]?["uid"]?.string else {
            throw .unreachable("the answer about namespace \(name) has no UID")
        }
        return uid
    }
}
