import ClusterSupport
import Document
import Execution
import Glibc
import Model
import Testing
import YAML

/// The definitions that users apply, against the model that reads what comes of them.
@Suite(.serialized) struct SchemaTests {
    @Test("the definition has what the model has, field by field", arguments: Definition.all)
    func model(_ definition: Definition) throws {
        let path = "\(Assets.project)/crds/\(definition.file)"
        if getenv("MARTLET_WRITE_CRDS") != nil {
            for folder in ["crds", "helm/martlet/crds"].map({ "\(Assets.project)/\($0)" }) {
                try FileSystem.makeFolder(folder, mode: 0o755)
                try FileSystem.write(Array(definition.yaml.utf8), to: "\(folder)/\(definition.file)", mode: 0o644)
            }
        }
        let differences = Difference.all(between: try definition.committed, and: definition.node)
        for difference in differences { Issue.record("crds/\(definition.file): \(difference)") }
        guard differences.isEmpty else { return }
        let text = String(decoding: try FileSystem.read(path, limit: 1 << 24).bytes, as: UTF8.self)
        #expect(text == definition.yaml, "the values are right, the way they are written is not")
    }

    @Test("every field is described", arguments: Definition.all)
    func descriptions(_ definition: Definition) throws {
        for (path, schema) in definition.schemas where path.last != "metadata" && path.last != "[]" {
            let description = schema["description"]?.string ?? ""
            #expect(!description.isEmpty && !description.hasPrefix("UNDESCRIBED"), "\(path.joined(separator: "."))")
        }
    }

    @Test("nothing is described that isn't there")
    func unused() {
        var used = Set(["Pipeline.spec", "Pipeline.status", "PipelineRun.spec", "PipelineRun.status"])
        let described = Definition.all.flatMap(\.schemas).compactMap { $0.schema["description"]?.string }
        for (key, description) in Descriptions.all where described.contains(where: { $0.hasPrefix(description) }) {
            used.insert(key)
        }
        #expect(Set(Descriptions.all.keys).subtracting(used).sorted() == [])
    }

    @Test("every text, list and map has a bound, so that rules and objects have one", arguments: Definition.all)
    func bounds(_ definition: Definition) throws {
        for (path, schema) in definition.schemas where path.count > 1 {
            let bounds: [String] =
                switch schema["type"]?.string {
                case "string": ["maxLength", "enum", "format"]
                case "array": ["maxItems"]
                case "integer": ["minimum"]
                // A copy that the controller keeps in the status is no rule's business.
                case "object" where path.first == "status":
                    ["properties", "maxProperties", "x-kubernetes-preserve-unknown-fields"]
                case "object": ["properties", "maxProperties"]
                default: []
                }
            #expect(bounds.contains { schema[$0] != nil }, "\(path.joined(separator: "."))")
        }
    }

    @Test("plain `kubectl apply` can keep the definition in an annotation", arguments: Definition.all)
    func size(_ definition: Definition) throws {
        #expect(try definition.committed.json().utf8.count < 262_144)
    }

    @Test("the chart has the same files", arguments: Definition.all)
    func chart(_ definition: Definition) throws {
        let chart = try FileSystem.read("\(Assets.project)/helm/martlet/crds/\(definition.file)", limit: 1 << 24)
        let own = try FileSystem.read("\(Assets.project)/crds/\(definition.file)", limit: 1 << 24)
        #expect(chart.bytes == own.bytes, "copy crds/\(definition.file) to helm/martlet/crds/")
    }
}

extension Definition {
    /// What `crds/` holds.
    var committed: Node {
        get throws {
            let stream = try YAML.parse(path: "\(Assets.project)/crds/\(file)")
            try #require(stream.problems.isEmpty && stream.documents.count == 1)
            return stream.documents[0]
        }
    }

    /// Every schema within, with its way from the root; `[]` is an item of a list, `{}` a value of a map.
    var schemas: [(path: [String], schema: Node)] {
        var found: [(path: [String], schema: Node)] = []
        func look(_ schema: Node, _ path: [String]) {
            found.append((path, schema))
            for member in schema["properties"]?.members ?? [] { look(member.value, path + [member.key]) }
            if let items = schema["items"] { look(items, path + ["[]"]) }
            if let values = schema["additionalProperties"] { look(values, path + ["[]"]) }
        }
        for member in openAPISchema["properties"]?.members ?? [] where member.key == "spec" || member.key == "status" {
            look(member.value, [member.key])
        }
        return found
    }

    var openAPISchema: Node {
        node["spec"]?["versions"]?.array?.first?["schema"]?["openAPIV3Schema"] ?? .record([])
    }
}

/// Where two documents differ.
struct Difference: CustomStringConvertible {
    let description: String

    static func all(between file: Node, and model: Node, at path: String = "") -> [Difference] {
        switch (file.value, model.value) {
        case (.object(let left), .object(let right)):
            var found: [Difference] = []
            for member in right {
                let place = path.isEmpty ? member.key : "\(path).\(member.key)"
                if let other = left.first(where: { $0.key == member.key }) {
                    found += all(between: other.value, and: member.value, at: place)
                } else {
                    found.append(
                        Difference(description: "\(place): missing, and the model says \(member.value.json())"))
                }
            }
            for member in left where !right.contains(where: { $0.key == member.key }) {
                found.append(
                    Difference(description: "\(path).\(member.key): there, and the model knows of no such thing"))
            }
            return found
        case (.array(let left), .array(let right)) where left.count == right.count:
            return left.indices.flatMap { all(between: left[$0], and: right[$0], at: "\(path)[\($0)]") }
        default:
            guard file != model else { return [] }
            return [Difference(description: "\(path): is \(file.json()), and the model says \(model.json())")]
        }
    }
}
