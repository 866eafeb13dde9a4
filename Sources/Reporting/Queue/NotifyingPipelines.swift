internal import Controller
internal import Model

/// The pipelines that want somebody told, for runs that have not started: only a start notes in a run's status which
/// pipeline it goes through.
struct NotifyingPipelines {
    private var specs: [ObjectKey: PipelineSpec] = [:]

    mutating func listed(_ pipelines: [Pipeline]) {
        specs = [:]
        for pipeline in pipelines { keep(pipeline) }
    }

    mutating func keep(_ pipeline: Pipeline) {
        specs[ObjectKey(pipeline.metadata)] = pipeline.spec.notifications == nil ? nil : pipeline.spec
    }

    mutating func gone(_ name: String, in namespace: String?) { specs[ObjectKey(name, in: namespace)] = nil }

    /// The run as if it had started, as far as its pipeline is concerned.
    func completed(_ run: PipelineRun) -> PipelineRun {
        guard run.status.pipelineSpec == nil, let name = run.spec.pipelineRef?.name,
            let spec = specs[ObjectKey(name, in: run.metadata.namespace)]
        else { return run }
        var run = run
        run.status.pipelineSpec = spec
        return run
    }
}
