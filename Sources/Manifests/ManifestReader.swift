import Document
import Model

/// Makes objects of one document: what it is, its fields, then what its fields' types can't say.
struct ManifestReader {
    private(set) var objects: [ManifestObject] = []
    private(set) var problems: [Problem] = []
    private let file: String
    private let document: Node

    private static let group = "martlet.dev"
    private static let kinds = [Pipeline.kind, PipelineRun.kind]

    init(file: String, document: Node) {
        self.file = file
        self.document = document
    }

    mutating func read() {
        read(document, at: FieldPath())
    }

    private mutating func report(
        _ message: String, _ path: FieldPath, hint: String? = nil, severity: Problem.Severity = .error
    ) {
        problems.append(
            Problem(message, at: path, mark: path.mark(in: document), hint: hint, severity: severity))
    }

    private mutating func read(_ node: Node, at path: FieldPath) {
        guard node.members != nil else {
            return report("a manifest must be an object with `apiVersion`, `kind`, `metadata` and `spec`", path)
        }
        guard let version = word("apiVersion", of: node, path), let kind = word("kind", of: node, path) else { return }
        if kind == "List" && version == "v1" || kind.hasSuffix("List") && version == Resource.apiVersion {
            return readItems(of: node, at: path)
        }
        let group = version.contains("/") ? version.split(separator: "/")[0] : ""
        guard group == Self.group else {
            if Self.kinds.contains(kind), Suggestion.nearest(to: String(group), among: [Self.group]) != nil {
                report(
                    "unknown apiVersion `\(version.shown())`", path.key("apiVersion"),
                    hint: "did you mean `\(Resource.apiVersion)`?")
            } else {
                report(
                    "skipped: \(kind.shown()) of \(version.shown()) is none of Martlet's kinds", path, severity: .note)
            }
            return
        }
        guard version == Resource.apiVersion else {
            return report(
                "unknown apiVersion `\(version.shown())`", path.key("apiVersion"), hint: "write \(Resource.apiVersion)")
        }
        switch kind {
        case Pipeline.kind: readPipeline(node, at: path)
        case PipelineRun.kind: readRun(node, at: path)
        default:
            let near = Suggestion.nearest(to: kind, among: Self.kinds).map { "did you mean `\($0)`?" }
            report(
                "unknown kind `\(kind.shown())`", path.key("kind"),
                hint: near ?? "known are \(Self.kinds.joined(separator: ", "))")
        }
    }

    /// `kubectl get -o yaml` puts several objects into a List.
    private mutating func readItems(of node: Node, at path: FieldPath) {
        let items = path.key("items")
        guard path.steps.isEmpty else { return report("a List can't hold another", path) }
        guard let elements = node["items"]?.array else { return report("`items` must be a list", items) }
        for (number, element) in elements.enumerated() { read(element, at: items.index(number)) }
    }

    /// A root field that tells what the object is.
    private mutating func word(_ field: String, of node: Node, _ path: FieldPath) -> String? {
        guard let value = node[field] else {
            let names = node.members?.map(\.key) ?? []
            let near = Suggestion.nearest(to: field, among: names).map { "did you mean `\(field)` by `\($0.shown())`?" }
            let isShortForm = names == ["pipeline"]
            report(
                "`\(field)` is missing", path,
                hint: isShortForm
                    ? "this is the short form: `martlet convert` makes a manifest of it"
                    : near ?? (field == "kind" ? "add `kind: Pipeline`" : "add `apiVersion: \(Resource.apiVersion)`"))
            return nil
        }
        guard let text = value.string, !text.isEmpty else {
            report("must be a text", path.key(field))
            return nil
        }
        return text
    }

    private mutating func readPipeline(_ node: Node, at path: FieldPath) {
        guard let record: ManifestRecord<PipelineSpec> = record(node, Pipeline.kind, path) else { return }
        if record.metadata.name == nil {
            let metadata = path.key("metadata")
            report(
                record.metadata.generateName == nil
                    ? "`name` is missing" : "a Pipeline needs a `name` that runs can refer to, not a `generateName`",
                metadata, hint: "add `name:`")
        }
        let spec = path.key("spec")
        let found = record.spec.problems(at: spec) + record.spec.triggerNotes(at: spec)
        finish(record, node, path, found) { metadata, spec in
            .pipeline(Pipeline(metadata: metadata, spec: spec))
        }
    }

    private mutating func readRun(_ node: Node, at path: FieldPath) {
        guard let record: ManifestRecord<PipelineRunSpec> = record(node, PipelineRun.kind, path) else { return }
        if record.metadata.name == nil {
            let metadata = path.key("metadata")
            if let prefix = record.metadata.generateName {
                if TextRule.dnsName.complaint(about: prefix + "x") != nil {
                    report(
                        "\"\(prefix.shown())\" can't begin a name", metadata.key("generateName"),
                        hint: "lower-case letters, digits, `-` and `.`, beginning with one of the first two")
                }
            } else {
                report("`name` is missing", metadata, hint: "add `name:`, or `generateName:` with its beginning")
            }
        }
        let spec = path.key("spec")
        let found = record.spec.problems(at: spec)
        finish(record, node, path, found) { metadata, spec in
            .run(PipelineRun(metadata: metadata, spec: spec))
        }
    }

    /// Reads the fields. Nil when what is wrong with them leaves nothing that could be checked further.
    private mutating func record<Spec: Fields>(
        _ node: Node, _ kind: String, _ path: FieldPath
    ) -> ManifestRecord<Spec>? {
        let (record, found) = FieldReader.read(ManifestRecord<Spec>.self, from: withoutKept(node, path), at: path)
        problems += found
        let isBroken = found.contains { problem in
            let steps = problem.path.steps.dropFirst(path.steps.count)
            // Without the list of stages, or the name of one, everything else would be reported besides.
            return problem.severity == .error
                && (steps.count <= 1 || Array(steps) == [.key("spec"), .key("stages")] || steps.last == .key("name"))
        }
        guard isBroken else { return record }
        objects.append(object(record.metadata, kind, node, path))
        return nil
    }

    /// The problems that don't merely follow from the errors in an object's fields: those in other items of its lists.
    private func independent(_ found: [Problem], at path: FieldPath) -> [Problem] {
        let broken = problems.filter { $0.severity == .error && $0.path.steps.starts(with: path.steps) }.map { error in
            let steps = error.path.steps
            let item = steps.indices.first { place in
                if place >= path.steps.count, case .index = steps[place] { true } else { false }
            }
            return Array(item.map { steps[...$0] } ?? steps[...])
        }
        return found.filter { problem in !broken.contains { problem.path.steps.starts(with: $0) } }
    }

    /// The object without what isn't a user's to write, and notes about that.
    private mutating func withoutKept(_ node: Node, _ path: FieldPath) -> Node {
        var members = node.members ?? []
        if let status = node["status"], status.value != .null, status.members?.isEmpty != true {
            report("`status` is ignored: it is observed, not asked for", path.key("status"), severity: .note)
        }
        members.removeAll { $0.key == "status" }
        if let place = members.firstIndex(where: { $0.key == "metadata" }), let fields = members[place].value.members {
            let kept = fields.filter { ManifestMetadata.kept.contains($0.key) }
            let given = kept.filter { $0.value.value != .null }.map { "`\($0.key)`" }
            if !given.isEmpty {
                report(
                    "ignored: \(given.joined(separator: ", ")) can't be asked for", path.key("metadata"),
                    severity: .note)
            }
            members[place].value.value = .object(fields.filter { !ManifestMetadata.kept.contains($0.key) })
        }
        var rest = node
        rest.value = .object(members)
        return rest
    }

    private func object(
        _ metadata: ManifestMetadata, _ kind: String, _ node: Node, _ path: FieldPath
    ) -> ManifestObject {
        let start = Mark(line: 1, column: 1)
        let mark = node.mark ?? start
        return ManifestObject(
            file: file, document: document, path: path,
            nameMark: path.key("metadata").key("name").mark(in: document) ?? start,
            rejected: RejectedManifest(
                file: file, mark: mark, kind: kind, name: metadata.name, namespace: metadata.namespace))
    }

    private mutating func finish<Spec: Fields>(
        _ record: ManifestRecord<Spec>, _ node: Node, _ path: FieldPath, _ found: [Problem],
        resource: (Metadata, Spec) -> Resource
    ) {
        let hadErrors = problems.contains { $0.severity == .error && $0.path.steps.starts(with: path.steps) }
        problems += independent(found, at: path).map { problem in
            var problem = problem
            problem.mark = problem.path.mark(in: document)
            return problem
        }
        var object = object(record.metadata, record.kind, node, path)
        if !hadErrors, !found.contains(where: { $0.severity == .error }) {
            object.manifest = Manifest(
                file: file, mark: object.rejected.mark, node: node,
                resource: resource(record.metadata.metadata, record.spec),
                generateName: record.metadata.name == nil ? record.metadata.generateName : nil)
        }
        objects.append(object)
    }
}
