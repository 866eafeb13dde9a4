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

    /// The first clause of a stage's `when` that doesn't hold, in words; nil where all do.
    ///
    /// - Throws: where a clause before it asks for something that has no value (yet).
    func unmetClause(at place: Int) throws(UnresolvedReference) -> String? {
        let stage = graph.stages[place]
        for (clause, written) in zip(stage.templates.when, stage.spec.when) {
            let input = try clause.input.resolved { value(of: $0, at: place) }
            var isListed = false
            var values: [String] = []
            for template in clause.values where !isListed {
                let value = try template.resolved { self.value(of: $0, at: place) }
                isListed = value == input
                if values.count < 5 { values.append("`\(value)`") }
            }
            if isListed == (clause.operator == .isIn) { continue }
            let name = written.input == input ? "`\(input)`" : "`\(written.input)` is `\(input)`, which"
            if isListed { return "\(name) is one of those that leave it out" }
            let more = clause.values.count > values.count ? ", …" : ""
            return "\(name) is not among \(values.joined(separator: ", "))\(more)"
        }
        return nil
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

extension PipelineRun {
    /// What the run's stages are counted by where pipelines share agents: the pipeline (the run itself for an inline
    /// one) with its namespace, since two namespaces may have pipelines of the same name.
    package var share: String {
        let name = ReferenceValues.pipelineName(of: self)
        return metadata.namespace.map { "\($0)/\(name)" } ?? name
    }
}
