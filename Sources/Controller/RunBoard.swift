package import Model
package import Planning
internal import Synchronization

/// All runs and pipelines as this process sees them: for pages, metrics and notifications, which read and never decide.
///
/// Fed by what the store tells and by what the controller stores. Where both know a run's status, the controller's holds:
/// it is the only one that writes statuses, and in the folder home the store doesn't tell it what it has written itself.
package final class RunBoard: ControllerObserver {
    private struct State {
        var runs: [String: PipelineRun] = [:]
        /// The UIDs, the newest run's first; nil where runs have come since they were sorted.
        var order: [String]?
        /// Runs whose status the controller of this process has told.
        var controlled: Set<String> = []
        var pipelines: [ObjectKey: Pipeline] = [:]
        var isListed = false
        var version = 0
    }

    private let state = Mutex(State())

    package init() {}

    /// Whether everything has been listed once.
    package var isListed: Bool { state.withLock { $0.isListed } }

    /// Rises with every change.
    package var version: Int { state.withLock { $0.version } }

    /// All runs, the newest first.
    package var runs: [PipelineRun] {
        state.withLock { state in
            let order = state.order ?? Self.order(state.runs)
            state.order = order
            return order.compactMap { state.runs[$0] }
        }
    }

    /// By namespace and name.
    package var pipelines: [Pipeline] {
        state.withLock { state in state.pipelines.keys.sorted().compactMap { state.pipelines[$0] } }
    }

    package func run(uid: String) -> PipelineRun? { state.withLock { $0.runs[uid] } }

    package func run(named name: String, namespace: String?) -> PipelineRun? {
        state.withLock { state in
            // In a folder one that was deleted with its file may be there beside the one that has its name now.
            state.runs.values.filter { $0.metadata.name == name && $0.metadata.namespace == namespace }
                .max { ($0.created, $0.uid) < ($1.created, $1.uid) }
        }
    }

    package func pipeline(of run: PipelineRun) -> Pipeline? {
        guard let name = run.spec.pipelineRef?.name else { return nil }
        return state.withLock { $0.pipelines[ObjectKey(name, in: run.metadata.namespace)] }
    }

    private static func order(_ runs: [String: PipelineRun]) -> [String] {
        let times = runs.map { (uid: $0.key, time: $0.value.created) }
        return times.sorted { ($0.time, $0.uid) > ($1.time, $1.uid) }.map(\.uid)
    }

    // MARK: ControllerObserver

    package func followed(_ event: StoreEvent) {
        state.withLock { state in
            state.version += 1
            switch event {
            case .listed(let runs, let pipelines):
                let former = state.runs
                state.runs = [:]
                state.order = nil
                state.runs.reserveCapacity(runs.count)
                for run in runs { Self.put(run, former[run.uid], &state) }
                state.controlled.formIntersection(state.runs.keys)
                state.pipelines = [:]
                for pipeline in pipelines { state.pipelines[ObjectKey(pipeline.metadata)] = pipeline }
                state.isListed = true
            case .run(let run): Self.put(run, state.runs[run.uid], &state)
            case .runGone(let uid):
                state.runs[uid] = nil
                state.controlled.remove(uid)
            case .pipeline(let pipeline): state.pipelines[ObjectKey(pipeline.metadata)] = pipeline
            case .pipelineGone(let name, let namespace): state.pipelines[ObjectKey(name, in: namespace)] = nil
            case .drained: break
            }
        }
    }

    private static func put(_ run: PipelineRun, _ former: PipelineRun?, _ state: inout State) {
        var run = run
        if let former, state.controlled.contains(run.uid) { run.status = former.status }
        if former == nil { state.order = nil }
        state.runs[run.uid] = run
    }

    package func observed(_ run: PipelineRun, happenings: [Happening], isStored: Bool) {
        state.withLock { state in
            state.version += 1
            guard var known = state.runs[run.uid] else {
                // It may have been deleted since; what is there is told by the store first.
                return
            }
            known.status = run.status
            known.metadata.resourceVersion = run.metadata.resourceVersion
            state.controlled.insert(run.uid)
            state.runs[run.uid] = known
        }
    }

}

extension PipelineRun {
    fileprivate var created: Timestamp { metadata.creationTimestamp ?? Timestamp(seconds: 0) }
}
