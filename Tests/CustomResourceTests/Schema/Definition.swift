import Document
import Manifests
import Model
import Testing

/// A CustomResourceDefinition, made of the model.
struct Definition: Sendable, CustomTestStringConvertible {
    let kind: String
    let plural: String
    let shortName: String
    fileprivate let root: String
    fileprivate let columns: [Column]
    fileprivate let spec: @Sendable () -> Node
    fileprivate let status: @Sendable () -> Node

    var testDescription: String { kind }

    /// The file's name in `crds/`, and in the chart.
    var file: String { "\(plural).yaml" }

    static let all = [
        Definition(
            kind: Pipeline.kind, plural: "pipelines", shortName: "mpl", root: Descriptions.pipeline,
            columns: [
                Column("Ready", ".status.conditions[?(@.type==\"Ready\")].status"),
                Column("Reason", ".status.conditions[?(@.type==\"Ready\")].reason"),
                Column("State", ".spec.desiredState", isWide: true),
                Column("Repository", ".spec.source.url", isWide: true),
                Column("Last schedule", ".status.lastScheduleTime", type: "date"),
                Column("Age", ".metadata.creationTimestamp", type: "date"),
            ],
            spec: {
                SchemaWalk.schema(of: PipelineSpec.self, in: .spec, description: Descriptions.all["Pipeline.spec"])
            },
            status: {
                SchemaWalk.schema(
                    of: PipelineStatus.self, in: .status, description: Descriptions.all["Pipeline.status"],
                    isAtomic: true)
            }),
        Definition(
            kind: PipelineRun.kind, plural: "pipelineruns", shortName: "mrun", root: Descriptions.run,
            columns: [
                Column("Pipeline", ".spec.pipelineRef.name"),
                Column("Progress", ".status.progress"),
                Column("Status", ".status.conditions[?(@.type==\"Succeeded\")].status"),
                Column("Reason", ".status.conditions[?(@.type==\"Succeeded\")].reason"),
                Column("State", ".spec.desiredState", isWide: true),
                Column("Rerun", ".status.observedRerun", type: "integer", isWide: true),
                Column("Revision", ".status.source.revision", isWide: true),
                Column("Message", ".status.conditions[?(@.type==\"Succeeded\")].message", isWide: true),
                Column("Ended", ".status.completionTime", type: "date", isWide: true),
                Column("Age", ".metadata.creationTimestamp", type: "date"),
            ],
            spec: {
                SchemaWalk.schema(
                    of: PipelineRunSpec.self, in: .spec, description: Descriptions.all["PipelineRun.spec"])
            },
            status: {
                SchemaWalk.schema(
                    of: PipelineRunStatus.self, in: .status, description: Descriptions.all["PipelineRun.status"],
                    isAtomic: true)
            }),
    ]

    fileprivate struct Column {
        var name: String
        var path: String
        var type: String
        var isWide: Bool

        init(_ name: String, _ path: String, type: String = "string", isWide: Bool = false) {
            self.name = name
            self.path = path
            self.type = type
            self.isWide = isWide
        }

        var node: Node {
            var node = Node.record([("name", .text(name)), ("type", .text(type)), ("jsonPath", .text(path))])
            if isWide { node.set("priority", .number(1)) }
            return node
        }
    }

    /// The whole object.
    var node: Node {
        let group = Resource.apiVersion.split(separator: "/").map(String.init)
        let names: Parts = [
            ("kind", .text(kind)), ("listKind", .text("\(kind)List")), ("plural", .text(plural)),
            ("singular", .text(kind.lowercased())), ("shortNames", .words([shortName])),
            ("categories", .words(["martlet"])),
        ]
        let properties: Parts = [
            ("apiVersion", .record([("description", .text(Resource.apiVersion)), ("type", .text("string"))])),
            ("kind", .record([("description", .text(kind)), ("type", .text("string"))])),
            ("metadata", .record([("type", .text("object"))])), ("spec", spec()), ("status", status()),
        ]
        let schema = Node.record([
            ("description", .text(root)), ("type", .text("object")), ("required", .words(["spec"])),
            ("properties", .record(properties)),
        ])
        let version = Node.record([
            ("name", .text(group[1])), ("served", Node(.bool(true))), ("storage", Node(.bool(true))),
            ("subresources", .record([("status", .record([]))])),
            ("additionalPrinterColumns", Node(.array(columns.map(\.node)))),
            ("schema", .record([("openAPIV3Schema", schema)])),
        ])
        return .record([
            ("apiVersion", .text("apiextensions.k8s.io/v1")), ("kind", .text("CustomResourceDefinition")),
            ("metadata", .record([("name", .text("\(plural).\(group[0])"))])),
            (
                "spec",
                .record([
                    ("group", .text(group[0])), ("scope", .text("Namespaced")), ("names", .record(names)),
                    ("versions", Node(.array([version]))),
                ])
            ),
        ])
    }

    /// The file that says so.
    var yaml: String {
        """
        # Made of Sources/Model by the tests: change it there, in Tests/CustomResourceTests/Schema, and then run
        # MARTLET_WRITE_CRDS=1 scripts/test --filter CustomResourceTests.SchemaTests

        """ + YAMLWriter.text(of: node)
    }
}
