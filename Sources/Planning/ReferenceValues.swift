import Model

/// What references stand for in one stage of one run: stored things only, so that they mean the same after a restart.
struct ReferenceValues {
    let run: PipelineRun
    let graph: StageGraph
    let status: PipelineRunStatus

    /// The name that a run goes by where people ask for its pipeline.
    static func pipelineName(of run: PipelineRun) -> String {
        run.spec.pipelineRef?.name ?? run.metadata.name
    }

    /// The value as the stage at that place sees it; nil when there is none.
    func value(of reference: Reference, at place: Int?) -> String? {
        switch reference {
        case .param(let name): param(name)
        case .run(let field): value(of: field)
        case .source(let field): value(of: field)
        case .matrix(let axis): place.flatMap { graph.stages[$0].matrix[axis] }
        case .result(let stage, let name):
            graph.place(of: stage).flatMap { status.stages.indices.contains($0) ? status.stages[$0] : nil }
                .flatMap { found in found.state.isFinal ? found.results.first { $0.name == name }?.value : nil }
        }
    }

    func param(_ name: String) -> String? {
        run.spec.params.first { $0.name == name }?.value ?? graph.spec.params.first { $0.name == name }?.default
    }

    private func value(of field: Reference.RunField) -> String? {
        switch field {
        case .name: run.metadata.name
        case .namespace: run.metadata.namespace ?? ""
        case .uid: run.uid
        case .pipeline: Self.pipelineName(of: run)
        }
    }

    /// Of what a push may lack (a tag, a pull request) the value is empty, so that a `when` can ask for it.
    func value(of field: Reference.SourceField) -> String? {
        switch field {
        case .url: status.source?.url ?? run.spec.source?.url ?? graph.spec.source?.url
        case .revision: status.source?.revision
        case .ref: ref ?? ""
        case .branch: ref.flatMap { rest(of: $0, after: "refs/heads/") } ?? ""
        case .tag: ref.flatMap { rest(of: $0, after: "refs/tags/") } ?? ""
        case .pullRequest: run.spec.source?.pullRequest.map(String.init) ?? ""
        }
    }

    private var ref: String? { run.spec.source?.ref ?? status.source?.ref }

    private func rest(of text: String, after prefix: String) -> String? {
        text.hasPrefix(prefix) ? String(text.dropFirst(prefix.utf8.count)) : nil
    }
}
