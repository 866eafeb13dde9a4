internal import Document
internal import Model
internal import Synchronization

/// Makes our resources of the API's objects, as far as they can be read, and says what can't be.
///
/// A schema of the server keeps out most of what is wrong; what comes all the same (a definition that is older or newer
/// than this program, a bound that only this program has) must neither hide the object nor end anything.
final class ObjectReader: Sendable {
    private let warn: @Sendable (String) -> Void
    private let told = Mutex(RecentTexts(limit: 1024))

    init(warn: @escaping @Sendable (String) -> Void) {
        self.warn = warn
    }

    func run(_ node: Node) -> PipelineRun? {
        guard let metadata = metadata(node, PipelineRun.kind) else { return nil }
        var problems: [Problem] = []
        let spec: PipelineRunSpec = read(node, "spec", &problems)
        let status: PipelineRunStatus = read(node, "status", &problems)
        tell(problems, PipelineRun.kind, metadata)
        return PipelineRun(metadata: metadata, spec: spec, status: status)
    }

    /// A pipeline, and what is wrong with the types and bounds of its spec's fields.
    func pipeline(_ node: Node) -> (pipeline: Pipeline, problems: [Problem])? {
        guard let metadata = metadata(node, Pipeline.kind) else { return nil }
        var problems: [Problem] = []
        var others: [Problem] = []
        let spec: PipelineSpec = read(node, "spec", &problems)
        let status: PipelineStatus = read(node, "status", &others)
        // What is wrong with the spec goes into the status, where whoever wrote it looks.
        tell(others, Pipeline.kind, metadata)
        return (Pipeline(metadata: metadata, spec: spec, status: status), problems)
    }

    private func read<Value: Fields>(_ node: Node, _ field: String, _ problems: inout [Problem]) -> Value {
        guard let part = node[field] else { return Value() }
        let reading = FieldReader.read(Value.self, from: part, at: FieldPath(.key(field)), strict: false)
        problems += reading.problems
        return reading.value
    }

    /// Without what nobody here needs and what is large: `managedFields`, and kubectl's copy of the object.
    private func metadata(_ node: Node, _ kind: String) -> Metadata? {
        var metadata =
            node["metadata"].map { FieldReader.read(Metadata.self, from: $0, strict: false).value } ?? Metadata()
        metadata.annotations["kubectl.kubernetes.io/last-applied-configuration"] = nil
        guard !metadata.name.isEmpty, metadata.uid?.isEmpty == false, metadata.resourceVersion != nil else {
            tell("a \(kind) without name, UID or version is left out: \(metadata.name)")
            return nil
        }
        return metadata
    }

    private func tell(_ problems: [Problem], _ kind: String, _ metadata: Metadata) {
        guard let first = problems.first else { return }
        let more = problems.count > 1 ? " (and \(problems.count - 1) more)" : ""
        let name = metadata.namespace.map { "\($0)/\(metadata.name)" } ?? metadata.name
        tell("\(kind) \(name) can't be read as a whole: \(first.path): \(first.message)\(more)")
    }

    private func tell(_ problem: String) {
        if told.withLock({ $0.insert(problem) }) { warn(problem) }
    }
}
