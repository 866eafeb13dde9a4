package import Controller
internal import Document
package import KubernetesAPI
package import Model
internal import Synchronization

/// The home of Pipelines and PipelineRuns in a cluster: specs are other people's, statuses this controller's.
///
/// Guarantees: what `follow` reports is never older than what an ended `write` returned (see `RunProgress`). A status is
/// written through the status subresource, with the version that it is based on. Nothing is sent once `mayAct` says no.
///
/// Runs have no finalizer: all that a run has outside the API are its agents' attempts, and those are stopped when it is
/// seen to be gone, or, should the controller be away at that moment, when an agent next says that it holds them. A
/// finalizer would only keep runs from being deleted where no controller is.
package final class KubernetesStore: ResourceStore {
    package static let pipelines = APIResource(group: "martlet.dev", version: "v1alpha1", plural: "pipelines")
    package static let runs = APIResource(group: "martlet.dev", version: "v1alpha1", plural: "pipelineruns")
    /// Who `managedFields` says has written.
    package static let fieldManager = "martlet-controller"
    private static let requestsAtOnce = 64

    let connection: any APIConnection
    let namespace: String?
    let clock: ClientClock
    let mayAct: @Sendable () -> Bool
    let warn: @Sendable (String) -> Void
    let reader: ObjectReader
    /// Through it goes whatever reads or writes a single run.
    let gate = RequestGate(limit: KubernetesStore.requestsAtOnce)
    let sight = Mutex(Sight())
    private let pipelineStatuses: PipelineStatuses
    private let finder = RunFinder()

    /// What has been seen. What is reported is decided and told under its lock, so that it comes in order.
    struct Sight: Sendable {
        var runs = RunsInSight()
        var pipelines: [String: Pipeline] = [:]
        var hasPipelines = false
        var hasRuns = false
    }

    /// - Parameters:
    ///   - namespace: The only one that is looked at; nil for all.
    ///   - mayAct: Whether this process leads; asked right before everything that writes.
    ///   - warn: Is told what an operator may want to know, in whole sentences.
    package init(
        _ connection: any APIConnection, namespace: String? = nil, clock: ClientClock = .system,
        wall: @escaping @Sendable () -> Timestamp = Timestamp.current,
        mayAct: @escaping @Sendable () -> Bool = { true }, warn: @escaping @Sendable (String) -> Void
    ) {
        self.connection = connection
        self.namespace = namespace
        self.clock = clock
        self.mayAct = mayAct
        self.warn = warn
        reader = ObjectReader(warn: warn)
        pipelineStatuses = PipelineStatuses(connection, clock: clock, wall: wall, mayAct: mayAct, warn: warn)
    }

    // MARK: Following

    package func follow(_ observe: @escaping @Sendable (StoreEvent) -> Void) async throws {
        sight.withLock { $0 = Sight() }
        // Runs are listed once there are pipelines to list with them.
        let (untilPipelines, hasPipelines) = AsyncStream<Void>.makeStream()
        let reader = reader
        let pipelines = CollectionWatch(
            Self.pipelines, namespace: namespace, over: connection, clock: clock, read: { reader.pipeline($0) })
        let runs = CollectionWatch(
            Self.runs, namespace: namespace, over: connection, clock: clock, read: { reader.run($0) })
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await pipelines.run(warn: self.warn) { change in
                    self.take(change, observe)
                    hasPipelines.finish()
                }
            }
            group.addTask {
                for await _ in untilPipelines {}
                try await runs.run(listing: self.gate, warn: self.warn) { self.take($0, observe) }
            }
            group.addTask { try await self.pipelineStatuses.run() }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    private func take(
        _ change: CollectionChange<(pipeline: Pipeline, problems: [Problem])>, _ observe: (StoreEvent) -> Void
    ) {
        sight.withLock { sight in
            switch change {
            case .listed(let listed):
                let former = sight.pipelines
                sight.pipelines = [:]
                for one in listed { sight.pipelines[Self.key(one.pipeline.metadata)] = one.pipeline }
                guard sight.hasRuns else { break }
                // Told one by one: a listing would need all runs, of which nothing is kept.
                for one in listed where former[Self.key(one.pipeline.metadata)] != one.pipeline {
                    observe(.pipeline(one.pipeline))
                }
                for key in former.keys.sorted() where sight.pipelines[key] == nil {
                    guard let metadata = former[key]?.metadata else { continue }
                    observe(.pipelineGone(name: metadata.name, namespace: metadata.namespace))
                }
            case .put(let one):
                sight.pipelines[Self.key(one.pipeline.metadata)] = one.pipeline
                if sight.hasRuns { observe(.pipeline(one.pipeline)) }
            case .deleted(let one):
                let metadata = one.pipeline.metadata
                sight.pipelines[Self.key(metadata)] = nil
                if sight.hasRuns { observe(.pipelineGone(name: metadata.name, namespace: metadata.namespace)) }
            }
        }
        switch change {
        case .listed(let listed): for one in listed { pipelineStatuses.judge(one.pipeline, one.problems) }
        case .put(let one): pipelineStatuses.judge(one.pipeline, one.problems)
        case .deleted(let one): pipelineStatuses.forget(one.pipeline)
        }
    }

    private func take(_ change: CollectionChange<PipelineRun>, _ observe: (StoreEvent) -> Void) {
        sight.withLock { sight in
            switch change {
            case .listed(let listed):
                let staying = listed.filter { !$0.isTerminating }
                sight.runs.listed(staying)
                sight.hasRuns = true
                let pipelines = sight.pipelines.keys.sorted().compactMap { sight.pipelines[$0] }
                observe(.listed(runs: staying, pipelines: pipelines))
            // Somebody else's finalizer may keep it for a while, but nobody wants its work any more.
            case .put(let run) where run.isTerminating:
                if sight.runs.wasDeleted(run.uid) { observe(.runGone(uid: run.uid)) }
            case .put(let run):
                if sight.runs.shows(run.metadata.resourceVersion ?? "", of: run.uid) { observe(.run(run)) }
            case .deleted(let run):
                if sight.runs.wasDeleted(run.uid) { observe(.runGone(uid: run.uid)) }
            }
        }
    }

    private static func key(_ metadata: Metadata) -> String { "\(metadata.namespace ?? "")/\(metadata.name)" }

    // MARK: Reading

    /// A read of the server's present state. The API can't look an object up by its UID, so that all runs are listed for
    /// it: once for all that are asked for at a time, and never for those that are known to be gone.
    package func run(uid: String) async throws -> PipelineRun? {
        if sight.withLock({ $0.runs.isGone(uid) }) { return nil }
        return try await finder.find(uid) { uids throws(APIError) in try await self.find(uids) }
    }

    private func find(_ uids: Set<String>) async throws(APIError) -> [String: PipelineRun] {
        await gate.enter()
        defer { gate.leave() }
        var found: [String: PipelineRun] = [:]
        let reader = reader
        try await ListPages(Self.runs, namespace: namespace, over: connection).read { items in
            for item in items {
                guard let uid = item["metadata"]?["uid"]?.string, uids.contains(uid) else { continue }
                found[uid] = reader.run(item)
            }
            return found.count < uids.count
        }
        let all = found
        return sight.withLock { sight in
            var runs: [String: PipelineRun] = [:]
            for uid in uids {
                let run = all[uid].flatMap { $0.isTerminating ? nil : $0 }
                if sight.runs.found(run?.metadata.resourceVersion, of: uid) { runs[uid] = run }
            }
            return runs
        }
    }
}

extension PipelineRun {
    /// Whether it has been deleted, and only waits for somebody's finalizer.
    var isTerminating: Bool { metadata.deletionTimestamp != nil }
}
