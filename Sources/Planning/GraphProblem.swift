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

    /// One sentence for a condition's message.
    package var sentence: String { (path.steps.isEmpty ? "" : "\(path): ") + message + (hint.map { " (\($0))" } ?? "") }
}
