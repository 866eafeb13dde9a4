package import Model

extension StageGraph {
    /// The largest sizes of values in an assignment, their references replaced.
    static let envLimit = 4096
    static let withLimit = 65_536

    static func messageLimit(stages: Int) -> Int {
        min(StageStatus.messageLimit, 32_768 / max(1, stages))
    }

    /// The repository that agents may have mirrored.
    func repository(of source: ResolvedSource?) -> String? {
        guard let source else { return nil }
        if let own = spec.source, own.url == source.url { return ownRepository }
        return RepositoryURL.normalised(source.url)
    }

    /// The concurrency group that a run belongs to; nil without one.
    package func concurrencyGroup(of run: PipelineRun) throws(UnresolvedReference) -> String? {
        guard let concurrencyGroup else { return nil }
        let values = ReferenceValues(run: run, graph: self, status: run.status)
        return try concurrencyGroup.resolved { values.value(of: $0, at: nil) }
    }
}
