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
    static let retryLimit = 2

    var name = ShortForm.defaultName
    var stages: [String] = []
    var retryOnFailure = false
    var notifyOnSuccess = false
    var notifyOnFailure: Bool?

    var events: [SlackSpec.Event] {
        (notifyOnSuccess ? [.succeeded] : []) + (notifyOnFailure ?? notifyOnSuccess ? [.failed] : [])
    }

    func manifest() -> String {
        var spec = PipelineSpec()
        var comments: [FieldPath: String] = [:]
        let path = FieldPath(.key("spec"), .key("stages"))
        for (place, name) in stages.enumerated() {
            var stage = StageSpec(name: name, needs: place == 0 ? [] : [stages[place - 1]])
            if retryOnFailure {
                stage.retry = Retry()
                stage.retry?.limit = Self.retryLimit
            }
            if stage.agentKind == StageSpec.shellKind {
                comments[path.index(place)] = "add `run:` with a script: no agent does `\(name)` by itself"
            }
            spec.stages.append(stage)
        }
        if !events.isEmpty {
            var slack = SlackSpec()
            slack.events = events
            spec.notifications = NotificationSpec()
            spec.notifications?.slack = slack
        }
        let node = Node(
            .object([
                Node.Member(key: "apiVersion", value: Node(.string(Resource.apiVersion))),
                Node.Member(key: "kind", value: Node(.string(Pipeline.kind))),
                Node.Member(
                    key: "metadata",
                    value: Node(.object([Node.Member(key: "name", value: Node(.string(name)))]))),
                Node.Member(key: "spec", value: Self.node(of: spec)),
            ]))
        return YAMLWriter.text(of: node, comments: comments)
    }

    private static func node(of spec: PipelineSpec) -> Node {
        do throws(JSONError) {
            return try parseJSON(FieldWriter.bytes(spec))
        } catch {
            preconditionFailure("a record is written as JSON: \(error)")
        }
    }
}
