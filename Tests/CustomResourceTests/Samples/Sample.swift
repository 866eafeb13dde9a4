import Document
import Model
import Testing
import YAML

/// A spec, and what is to become of it.
struct Sample: Sendable, CustomTestStringConvertible {
    let name: String
    let kind: String
    /// As YAML.
    let spec: String
    /// What was there before, where the sample is an update.
    var old: String?
    /// What the refusal says; nil where the spec is accepted.
    var refusal: String?

    var testDescription: String { "\(kind): \(name)" }

    static func pipeline(_ name: String, _ spec: String, refusal: String? = nil) -> Sample {
        Sample(name: name, kind: Pipeline.kind, spec: spec, refusal: refusal)
    }

    static func run(_ name: String, _ spec: String, from old: String? = nil, refusal: String? = nil) -> Sample {
        Sample(name: name, kind: PipelineRun.kind, spec: spec, old: old, refusal: refusal)
    }

    /// The whole object, as JSON has it.
    func object(_ spec: String, name: String) throws -> Node {
        .record([
            ("apiVersion", .text(Resource.apiVersion)), ("kind", .text(kind)),
            ("metadata", .record([("name", .text(name))])), ("spec", try Self.node(spec)),
        ])
    }

    static func node(_ yaml: String) throws -> Node {
        let stream = YAML.parse(Array(yaml.utf8))
        try #require(stream.problems.isEmpty && stream.documents.count == 1, "\(stream.problems) in \(yaml)")
        return stream.documents[0]
    }

    /// What the controller and `martlet validate` say.
    var errors: [String] {
        get throws {
            let node = try Self.node(spec)
            let (read, found) =
                if kind == Pipeline.kind {
                    Self.judge(FieldReader.read(PipelineSpec.self, from: node)) { $0.problems() }
                } else {
                    Self.judge(FieldReader.read(PipelineRunSpec.self, from: node)) { $0.problems() }
                }
            return (read + found).filter { $0.severity == .error }.map { $0.line(file: name) }
        }
    }

    private static func judge<Value>(
        _ reading: (value: Value, problems: [Problem]), _ check: (Value) -> [Problem]
    ) -> ([Problem], [Problem]) {
        (reading.problems, check(reading.value))
    }
}
