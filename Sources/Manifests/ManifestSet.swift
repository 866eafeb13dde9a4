package import Model

/// What a user's files and folders hold, and what is wrong with it.
package struct ManifestSet: Equatable, Sendable {
    /// Every file that was looked at, in the order of loading.
    package internal(set) var files: [String] = []
    /// The objects without errors of their own, in the order of loading. Errors between a run and its pipeline leave
    /// both here, since a change of either may mend them.
    package internal(set) var manifests: [Manifest] = []
    /// The objects with errors of their own, and those whose name another has.
    package internal(set) var rejected: [RejectedManifest] = []
    /// By file, in the order of loading, and line.
    package internal(set) var problems: [FileProblem] = []
    /// Files that could not be read to their end, so that what they hold is not known.
    package internal(set) var unreadable: [String] = []

    package var hasErrors: Bool {
        problems.contains { $0.problem.severity == .error }
    }

    package var pipelines: [Pipeline] { manifests.compactMap(\.pipeline) }
    package var runs: [PipelineRun] { manifests.compactMap(\.run) }

    /// The problems as people read them, one line each.
    ///
    /// - Parameter excerpts: Whether the source line follows, with a caret below the place: for terminals.
    package func rendered(excerpts: Bool = false) -> String {
        problems.map { $0.rendered(excerpt: excerpts) + "\n" }.joined()
    }
}

/// A problem and the file it is in.
package struct FileProblem: Equatable, Sendable {
    package var file: String
    package var problem: Problem
    /// The line of the source that it is about, where there is one.
    package var excerpt: SourceLine?

    package init(file: String, problem: Problem, excerpt: SourceLine? = nil) {
        self.file = file
        self.problem = problem
        self.excerpt = excerpt
    }

    /// `file:line:column: error: problem (hint)`.
    package var line: String { problem.line(file: file.shown(4096)) }

    package func rendered(excerpt wanted: Bool) -> String {
        guard wanted, let excerpt else { return line }
        return line + "\n" + excerpt.description
    }
}
