package import Document

/// A mistake in a YAML text: where, what, and what to do about it.
package struct YAMLProblem: Equatable, Hashable, Sendable, Error {
    package var mark: Mark
    /// What is wrong: a sentence that begins in lower case and has no full stop.
    package var message: String
    /// What the writer may want instead, where that can be guessed.
    package var hint: String?

    package init(_ mark: Mark, _ message: String, hint: String? = nil) {
        self.mark = mark
        self.message = message
        self.hint = hint
    }

    /// The problem as a line of a tool's output: `file:line:column: error: message: hint`.
    package func line(file: String) -> String {
        "\(file):\(mark.line):\(mark.column): error: \(message)" + (hint.map { ": \($0)" } ?? "")
    }
}
