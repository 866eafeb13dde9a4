package import Document

// Objects as the Kubernetes API gives them.
extension Resource {
    /// Writes the object into a document that is being written.
    package func write(into json: inout JSONWriter) {
        switch self {
        case .pipeline(let pipeline):
            Self.write(Pipeline.kind, pipeline.metadata, pipeline.spec, pipeline.status, into: &json)
        case .run(let run): Self.write(PipelineRun.kind, run.metadata, run.spec, run.status, into: &json)
        }
    }

    private static func write(
        _ kind: String, _ metadata: Metadata, _ spec: some Fields, _ status: some Fields, into json: inout JSONWriter
    ) {
        json.beginObject()
        json.member("apiVersion", apiVersion)
        json.member("kind", kind)
        json.key("metadata")
        FieldWriter.write(metadata, into: &json)
        json.key("spec")
        FieldWriter.write(spec, into: &json)
        json.key("status")
        FieldWriter.write(status, into: &json)
        json.endObject()
    }
}

extension Pipeline {
    /// Reads what `Resource.write` has written. What is invalid stays as it is, for those who judge the spec.
    package init(reading node: Node) {
        self.init(
            metadata: FieldReader.read(Metadata.self, from: node["metadata"]),
            spec: FieldReader.read(PipelineSpec.self, from: node["spec"]))
        status = FieldReader.read(PipelineStatus.self, from: node["status"])
    }
}

extension PipelineRun {
    /// Reads what `Resource.write` has written. What is invalid stays as it is, for those who judge the spec.
    package init(reading node: Node) {
        self.init(
            metadata: FieldReader.read(Metadata.self, from: node["metadata"]),
            spec: FieldReader.read(PipelineRunSpec.self, from: node["spec"]),
            status: FieldReader.read(PipelineRunStatus.self, from: node["status"]))
    }
}

extension FieldReader {
    fileprivate static func read<Value: Fields>(_ type: Value.Type, from node: Node?) -> Value {
        node.map { read(type, from: $0, strict: false).value } ?? Value()
    }
}
