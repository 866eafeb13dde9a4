import Document
package import Model
import YAML

/// Why a short form can't be converted.
package struct ShortFormError: Error, Equatable, Sendable {
    package var problems: [Problem]
}

/// Makes a Pipeline of the short form, as YAML:
///
///     pipeline:
///       name: ci
///       stages: [lint, test, build, security]
///       retry_on_failure: true
///       notify_on_success: true
///
/// Each stage needs the one before it. `retry_on_failure` gives each two further attempts. Who wants to hear of
/// success hears of failure too, unless `notify_on_failure` is false.
package func convertShortForm(_ bytes: [UInt8]) -> Result<String, ShortFormError> {
    let documents: [Node]
    switch DocumentReader.yaml(bytes, .manifests) {
    case .success(let found): documents = found
    case .failure(let failure): return .failure(ShortFormError(problems: failure.problems))
    }
    guard documents.count == 1 else {
        let message = documents.isEmpty ? "there is no pipeline here" : "there is more than one document here"
        return .failure(ShortFormError(problems: [Problem(message, mark: documents.dropFirst().first?.mark)]))
    }
    var reader = ShortFormReader(documents[0])
    guard let form = reader.read() else { return .failure(ShortFormError(problems: reader.problems)) }
    return .success(form.manifest())
}

/// What a short form says.
struct ShortForm: Equatable {
    static let defaultName = "ci"
    static let retryLimit: Int64 = 2

    var name = ShortForm.defaultName
    var stages: [String] = []
    var retryOnFailure = false
    var notifyOnSuccess = false
    var notifyOnFailure: Bool?

    var events: [SlackSpec.Event] {
        (notifyOnSuccess ? [.succeeded] : []) + (notifyOnFailure ?? notifyOnSuccess ? [.failed] : [])
    }

    func manifest() -> String {
        var comments: [FieldPath: String] = [:]
        var nodes: [Node] = []
        let path = FieldPath(.key("spec"), .key("stages"))
        for (place, name) in stages.enumerated() {
            var members = [("name", Node(.string(name)))]
            if place > 0 { members.append(("needs", Node(.array([Node(.string(stages[place - 1]))])))) }
            if retryOnFailure { members.append(("retry", Self.object([("limit", Node(.int(Self.retryLimit)))]))) }
            nodes.append(Self.object(members))
            if StageSpec(name: name).agentKind == StageSpec.shellKind {
                comments[path.index(place)] = "add `run:` with a script: no agent does `\(name)` by itself"
            }
        }
        var spec = [("stages", Node(.array(nodes)))]
        if !events.isEmpty {
            let words = Node(.array(events.map { Node(.string($0.rawValue)) }))
            spec.append(("notifications", Self.object([("slack", Self.object([("events", words)]))])))
        }
        let manifest = Self.object([
            ("apiVersion", Node(.string(Resource.apiVersion))), ("kind", Node(.string(Pipeline.kind))),
            ("metadata", Self.object([("name", Node(.string(name)))])), ("spec", Self.object(spec)),
        ])
        return YAMLWriter.text(of: manifest, comments: comments)
    }

    private static func object(_ members: [(String, Node)]) -> Node {
        Node(.object(members.map { Node.Member(key: $0.0, value: $0.1) }))
    }
}
