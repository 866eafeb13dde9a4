internal import Controller
internal import GRDB
internal import Model
internal import Synchronization

/// Those who follow a folder store. Everything but `remove` happens on the database's writer queue.
final class Followers: Sendable {
    typealias Ending = AsyncThrowingStream<Never, any Error>.Continuation

    private struct State {
        var entries: [Int: (observe: @Sendable (StoreEvent) -> Void, ending: Ending)] = [:]
        var nextID = 0
        /// The last change that everyone has been told.
        var told: Int64
        var drained: [String] = []
    }

    private let state: Mutex<State>

    init(after revision: Int64) {
        state = Mutex(State(told: revision))
    }

    func add(
        _ observe: @escaping @Sendable (StoreEvent) -> Void, _ ending: Ending, _ database: Database
    ) throws -> Int {
        var runs: [PipelineRun] = []
        var pipelines: [Pipeline] = []
        var drained: [String] = []
        // One transaction, so that another process's write is in all of it or in none.
        try database.inTransaction(.deferred) {
            runs = try RunRecord.all(database, where: "ORDER BY created, id").map(\.run)
            pipelines = try PipelineRecord.all(database, where: "WHERE is_present = 1 ORDER BY namespace, name")
                .map(\.pipeline)
            drained = try DrainedAgents.all(database)
            return .commit
        }
        observe(.listed(runs: runs, pipelines: pipelines))
        if !drained.isEmpty { observe(.drained(drained)) }
        return state.withLock { state in
            // Whoever follows already is told with the next change.
            if state.entries.isEmpty { state.drained = drained }
            state.nextID += 1
            state.entries[state.nextID] = (observe, ending)
            return state.nextID
        }
    }

    func remove(_ id: Int) {
        _ = state.withLock { $0.entries.removeValue(forKey: id) }
    }

    func tell(_ event: StoreEvent) {
        let entries = state.withLock { $0.entries.sorted { $0.key < $1.key } }
        for entry in entries { entry.value.observe(event) }
    }

    /// Reads what has changed, other than statuses, since the last time, and tells it.
    ///
    /// - Parameter made: runs that have just been stored, which needn't be read for that.
    func publish(_ database: Database, made: [PipelineRun] = []) {
        let told = state.withLock { $0.told }
        let known = Dictionary(made.map { ($0.metadata.resourceVersion ?? "", $0) }, uniquingKeysWith: { $1 })
        do {
            var runs: [(run: PipelineRun, changed: Int64)] = []
            var pipelines: [PipelineRecord] = []
            var drained: [String] = []
            try database.inTransaction(.deferred) {
                pipelines = try PipelineRecord.all(database, where: "WHERE changed > ? ORDER BY changed", [told])
                runs = try RunRecord.changes(after: told, known: known, database)
                drained = try DrainedAgents.all(database)
                return .commit
            }
            for record in pipelines {
                let pipeline = record.pipeline
                tell(
                    record.isPresent
                        ? .pipeline(pipeline)
                        : .pipelineGone(name: pipeline.metadata.name, namespace: pipeline.metadata.namespace))
            }
            for change in runs { tell(.run(change.run)) }
            let last = max(told, pipelines.last?.changed ?? 0, runs.last?.changed ?? 0)
            let hasOthers = state.withLock { state in
                state.told = last
                defer { state.drained = drained }
                return state.drained != drained
            }
            if hasOthers { tell(.drained(drained)) }
        } catch {
            // They begin again with a listing, or end with the reason.
            let endings = state.withLock { $0.entries.values.map(\.ending) }
            for ending in endings { ending.finish(throwing: StateError.from(error, "state.db")) }
        }
    }
}
