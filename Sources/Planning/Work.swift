package import Model

/// What the present attempt of a stage is to do, every reference replaced.
///
/// Depends on nothing but the run, its graph and what the status holds of stages that have ended: after a restart it
/// is the same again, byte for byte, as long as the attempt is bound. `plan(for:)` fails a stage whose references have
/// no value before it gets ready, so a stage that is ready doesn't make this throw.
package func work(
    for stage: String, of run: PipelineRun, graph: StageGraph, status: PipelineRunStatus
) throws(UnresolvedReference) -> StageWork {
    var work = StageWork()
    work.run = run.metadata.name
    work.pipeline = ReferenceValues.pipelineName(of: run)
    work.namespace = run.metadata.namespace
    work.stage = stage
    guard let place = graph.place(of: stage) else { return work }
    let compiled = graph.stages[place]
    let values = ReferenceValues(run: run, graph: graph, status: status)
    work.title = compiled.title
    work.kind = compiled.kind
    work.script = compiled.spec.run
    for setting in compiled.templates.with {
        work.with[setting.name] = try setting.value.resolved { values.value(of: $0, at: place) }
    }
    for setting in compiled.templates.env {
        let value = try setting.value.resolved { values.value(of: $0, at: place) }
        work.env.append(EnvironmentVariable(name: setting.name, value: value))
    }
    work.env += Variables.all(of: place, in: values)
    // What anybody may have written gets none, whatever the pipeline says.
    work.secrets = run.isOfFork ? [] : compiled.spec.secrets
    work.trust = run.spec.source?.trust ?? .trusted
    work.source = status.source
    if let source = status.source { work.credentials = credentials(for: source, of: graph.spec) }
    work.timeoutSeconds = compiled.spec.timeoutSeconds ?? StageSpec.defaultTimeoutSeconds
    return work
}

/// The pipeline's credentials, but only for the pipeline's own repository: a run that names another one must not have
/// them sent there.
private func credentials(for source: ResolvedSource, of spec: PipelineSpec) -> String? {
    guard let own = spec.source, RepositoryURL.normalised(own.url) == RepositoryURL.normalised(source.url) else {
        return nil
    }
    return own.credentials
}
