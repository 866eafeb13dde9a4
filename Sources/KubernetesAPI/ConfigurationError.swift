internal import YAML

/// Why there is no way to a cluster: what is wrong with a kubeconfig or a pod's service account, and what to do.
package struct ConfigurationError: Error, Equatable, Sendable, CustomStringConvertible {
    /// One a line, most of them `file:line:column: error: problem: hint`.
    package var problems: [String]

    package init(_ problems: [String]) {
        self.problems = problems
    }

    init(_ problem: String) {
        problems = [problem]
    }

    init(_ error: YAMLFileError) {
        problems = [error.description]
    }

    package var description: String { problems.joined(separator: "\n") }
}
