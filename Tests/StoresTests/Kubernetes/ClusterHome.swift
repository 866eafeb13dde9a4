import Controller
import Document
import KubernetesAPI
import Model
import Synchronization
import Testing

@testable import Stores

/// A store on a fake cluster.
final class ClusterHome: Sendable {
    let cluster = FakeCluster()
    let store: KubernetesStore
    let leads = Flag(true)
    private let told = Lines()

    var warnings: [String] { told.all }

    init(namespace: String? = nil) {
        let (told, leads) = (told, leads)
        store = KubernetesStore(
            cluster, namespace: namespace,
            clock: ClientClock(now: ClientClock.system.now) { duration in
                // Waits of back-off are over at once; those for what never comes are not.
                if duration > .seconds(60) { return await ClientClock.system.sleep(.seconds(3600)) }
                await Task.yield()
                return !Task.isCancelled
            }, wall: { Timestamp(seconds: 1_790_000_000) }, mayAct: { leads.value }
        ) { told.add($0) }
    }

    @discardableResult
    func apply(
        _ name: String, _ json: String = #"{"spec":{"pipelineRef":{"name":"ci"}}}"#, in namespace: String = "team"
    ) -> String {
        cluster.apply("pipelineruns", namespace, name, json)["metadata"]?["uid"]?.string ?? ""
    }

    func desk(_ board: RunBoard) async -> ClusterDesk {
        let handled = handled()
        await handled.synchronise()
        return ClusterDesk(store, board: board, handled: handled)
    }

    func handled() -> HandledDeliveries {
        HandledDeliveries(cluster, namespace: "martlet", name: "deliveries") { [told] in told.add($0) }
    }

    func applyPipeline(
        _ name: String, _ json: String = #"{"spec":{"stages":[{"name":"a","run":"true"}]}}"#,
        in namespace: String = "team"
    ) {
        cluster.apply("pipelines", namespace, name, json)
    }

    func statusWrite(_ run: PipelineRun, _ reason: String) -> StatusWrite {
        var status = run.status
        status.conditions.set(Condition.succeeded, .unknown, reason: reason, at: Timestamp(seconds: 1_790_000_000))
        return StatusWrite(
            uid: run.uid, name: run.metadata.name, namespace: run.metadata.namespace,
            resourceVersion: run.metadata.resourceVersion ?? "", status: status)
    }

    func write(_ run: PipelineRun, _ reason: String) async -> WriteOutcome {
        await store.write([statusWrite(run, reason)]).first ?? .failed("no outcome")
    }

    func reference(_ run: PipelineRun) -> RunReference {
        RunReference(
            uid: run.uid, name: run.metadata.name, namespace: run.metadata.namespace,
            resourceVersion: run.metadata.resourceVersion ?? "")
    }

    /// Does something while the store is followed.
    func followed(_ body: (Events) async throws -> Void) async throws {
        let events = Events()
        let store = store
        let following = Task { try await store.follow { events.add($0) } }
        defer { following.cancel() }
        try await body(events)
        following.cancel()
        _ = await following.result
    }

    /// What a store has reported.
    final class Events: Sendable {
        private let state = Mutex<[StoreEvent]>([])

        var all: [StoreEvent] { state.withLock { $0 } }

        func add(_ event: StoreEvent) { state.withLock { $0.append(event) } }

        func until(_ holds: ([StoreEvent]) -> Bool) async {
            while !holds(all), !Task.isCancelled { await Task.yield() }
        }

        /// Waits for that listing, counted from 1.
        func listing(_ number: Int) async -> (runs: [PipelineRun], pipelines: [Pipeline])? {
            await until { $0.count(where: Self.isListing) >= number }
            guard case .listed(let runs, let pipelines)? = all.filter(Self.isListing).dropFirst(number - 1).first else {
                return nil
            }
            return (runs, pipelines)
        }

        private static func isListing(_ event: StoreEvent) -> Bool {
            if case .listed = event { true } else { false }
        }
    }
}

/// A yes or no that a test changes while others look.
final class Flag: Sendable {
    private let state: Mutex<Bool>

    init(_ value: Bool) {
        state = Mutex(value)
    }

    var value: Bool {
        get { state.withLock { $0 } }
        set { state.withLock { $0 = newValue } }
    }
}

/// Lines that were told, in order.
final class Lines: Sendable {
    private let state = Mutex<[String]>([])

    var all: [String] { state.withLock { $0 } }

    func add(_ line: String) { state.withLock { $0.append(line) } }
}
