internal import GRDB
internal import Model

extension PipelineRun {
    /// Whether a run that is to be made names a pipeline that is there, and makes sense with it.
    ///
    /// - Throws: `VerbError`, or what the database says.
    ///
    /// - Parameter pipelines: those that have been read in the same transaction.
    func requireSense(in database: Database, _ pipelines: inout KnownPipelines) throws {
        guard let name = spec.pipelineRef?.name else { return try Self.require(spec.problems()) }
        guard let pipeline = try pipelines.spec(of: name, in: metadata.namespace ?? "", database) else {
            let names = try PipelineRecord.all(database, where: "WHERE is_present = 1 ORDER BY name").map(\.name)
            let near = Suggestion.nearest(to: name, among: names).map { "did you mean `\($0)`?" }
            throw VerbError(
                .unknownPipeline, "there is no pipeline `\(name.shown())`",
                hint: near
                    ?? (names.isEmpty ? "the controller has read none" : "there is \(names.joined(separator: ", "))"))
        }
        try Self.require(spec.problems(pipeline: pipeline))
    }

    private static func require(_ problems: [Problem]) throws(VerbError) {
        guard let problem = problems.first(where: { $0.severity == .error }) else { return }
        throw VerbError(.invalid, at: problem.path, problem.message, hint: problem.hint)
    }
}
