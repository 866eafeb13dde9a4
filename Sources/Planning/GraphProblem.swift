package import Model

/// Why a pipeline can't be made into a graph of stages. Trying again can't help: the spec has to change.
package struct GraphProblem: Error, Equatable, Sendable {
    /// Where in the pipeline's spec.
    package var path: FieldPath
    /// What is wrong, without a full stop.
    package var message: String
    /// What to do about it.
    package var hint: String?

    package init(_ message: String, at path: FieldPath, hint: String? = nil) {
        self.path = path
        self.message = message
        self.hint = hint
    }

    init(_ problem: Problem) {
        self.init(problem.message, at: problem.path, hint: problem.hint)
    }

    /// One sentence for a condition of a run, with the field's path from the root of the object that has it.
    package func sentence(of run: PipelineRun) -> String {
        var problem = self
        let root: [FieldPath.Step] = [.key("spec")]
        if let name = run.spec.pipelineRef?.name {
            problem.path.steps = root + path.steps
            return "in the pipeline `\(name)`, \(problem.sentence)"
        }
        problem.path.steps = root + [.key("pipelineSpec")] + path.steps
        return problem.sentence
    }

    /// One sentence, with the field's path within the pipeline's spec.
    package var sentence: String { (path.steps.isEmpty ? "" : "\(path): ") + message + (hint.map { " (\($0))" } ?? "") }
}
