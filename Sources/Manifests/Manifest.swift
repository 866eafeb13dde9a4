package import Document
package import Model

/// One object that a user wrote, and where.
package struct Manifest: Equatable, Sendable {
    /// As it was named, or found in a folder that was named.
    package var file: String
    /// Where the object begins.
    package var mark: Mark
    /// The object as written.
    package var node: Node
    /// The object as understood: without errors of its own.
    package var resource: Resource
    /// What a PipelineRun's name is to begin with, where it has none (`metadata.name` is empty then). Whoever creates
    /// the run adds the rest, as the API server does for `kubectl create`.
    package var generateName: String?

    package init(file: String, mark: Mark, node: Node, resource: Resource, generateName: String? = nil) {
        self.file = file
        self.mark = mark
        self.node = node
        self.resource = resource
        self.generateName = generateName
    }

    package var kind: String {
        switch resource {
        case .pipeline: Pipeline.kind
        case .run: PipelineRun.kind
        }
    }

    package var pipeline: Pipeline? {
        if case .pipeline(let pipeline) = resource { pipeline } else { nil }
    }

    package var run: PipelineRun? {
        if case .run(let run) = resource { run } else { nil }
    }
}

/// An object that a user wrote and that has errors. It exists all the same: a run whose file can't be understood for a
/// moment has not been deleted.
package struct RejectedManifest: Equatable, Sendable {
    package var file: String
    package var mark: Mark
    /// `Pipeline` or `PipelineRun`.
    package var kind: String
    /// Nil where not even the name could be read.
    package var name: String?
    package var namespace: String?
}
