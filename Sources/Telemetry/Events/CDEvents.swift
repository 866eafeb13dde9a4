internal import Document
package import Model

/// Writes what happens to runs in the vocabulary of CDEvents 0.4.1.
///
/// A run is a `pipelineRun` with the run's UID as its id; an attempt of a stage is a `taskRun` with the attempt's fence.
package struct CDEvents: Sendable {
    package static let version = "0.4.1"
    /// Of each type of event, which have versions of their own.
    package static let typeVersion = "0.2.0"

    /// What every event about a run says of it.
    package struct Subject: Equatable, Sendable {
        package var uid: String
        package var name: String
        package var namespace: String?
        package var pipeline: String
        package var revision: String?
        package var url: String

        package init(_ run: PipelineRun, url: String?) {
            uid = run.uid
            name = run.metadata.name
            namespace = run.metadata.namespace
            pipeline = run.spec.pipelineRef?.name ?? run.metadata.name
            revision = run.status.source?.revision
            let folder = namespace.map { "namespaces/\($0)/" } ?? ""
            self.url = url ?? "/apis/martlet.dev/v1alpha1/\(folder)pipelineruns/\(name)"
        }
    }

    private let installation: String
    package let source: String

    package init(installation: String) {
        self.installation = installation
        source = "/martlet/\(installation)"
    }

    /// - Parameter now: The time of what nothing else says when it was.
    package func event(_ occurrence: Occurrence, of run: Subject, now: Timestamp) -> CloudEvent {
        let time = occurrence.time ?? now
        let id = NameHash.text("\(installation)/\(run.uid)/\(occurrence.key)", digits: 25)
        let (word, subject) = Self.names(occurrence.what, run)
        let type = "dev.cdevents.\(word).\(Self.typeVersion)"
        var json = JSONWriter(reservingCapacity: 1024)
        json.beginObject()
        json.key("context")
        json.beginObject()
        json.member("version", Self.version)
        json.member("id", id)
        json.member("source", source)
        json.member("type", type)
        json.member("timestamp", time.description)
        json.endObject()
        json.key("subject")
        json.beginObject()
        json.member("id", subject)
        json.member("source", source)
        write(occurrence.what, run, into: &json)
        json.endObject()
        writeCustomData(occurrence.what, run, into: &json)
        json.endObject()
        return CloudEvent(id: id, source: source, type: type, subject: subject, time: time, data: json.bytes)
    }

    private static func names(_ what: Occurrence.What, _ run: Subject) -> (type: String, subject: String) {
        switch what {
        case .runQueued: ("pipelinerun.queued", run.uid)
        case .runStarted: ("pipelinerun.started", run.uid)
        case .runFinished: ("pipelinerun.finished", run.uid)
        case .stageStarted(let fence): ("taskrun.started", fence.description)
        case .stageFinished(let fence, _, _, _): ("taskrun.finished", fence.description)
        }
    }

    private func write(_ what: Occurrence.What, _ run: Subject, into json: inout JSONWriter) {
        switch what {
        case .runQueued, .runStarted:
            json.member("type", "pipelineRun")
            writeContent(of: run, nil, nil, into: &json)
        case .runFinished(let outcome, _, let errors):
            json.member("type", "pipelineRun")
            writeContent(of: run, outcome, errors, into: &json)
        case .stageStarted(let fence):
            json.member("type", "taskRun")
            writeContent(of: fence, run, nil, nil, into: &json)
        case .stageFinished(let fence, let outcome, _, let errors):
            json.member("type", "taskRun")
            writeContent(of: fence, run, outcome, errors, into: &json)
        }
    }

    private func writeContent(
        of run: Subject, _ outcome: Occurrence.Outcome?, _ errors: String?, into json: inout JSONWriter
    ) {
        json.key("content")
        json.beginObject()
        json.member("pipelineName", run.pipeline)
        json.member("url", run.url)
        json.member("outcome", outcome?.rawValue)
        json.member("errors", errors)
        json.endObject()
    }

    private func writeContent(
        of fence: Fence, _ run: Subject, _ outcome: Occurrence.Outcome?, _ errors: String?,
        into json: inout JSONWriter
    ) {
        json.key("content")
        json.beginObject()
        json.member("taskName", fence.stage)
        json.member("url", run.url)
        json.key("pipelineRun")
        json.beginObject()
        json.member("id", run.uid)
        json.member("source", source)
        json.endObject()
        json.member("outcome", outcome?.rawValue)
        json.member("errors", errors)
        json.endObject()
    }

    /// What CDEvents has no word for.
    private func writeCustomData(_ what: Occurrence.What, _ run: Subject, into json: inout JSONWriter) {
        json.key("customData")
        json.beginObject()
        json.member("run", run.name)
        json.member("namespace", run.namespace)
        json.member("revision", run.revision)
        switch what {
        case .runQueued, .runStarted: break
        case .runFinished(_, let reason, _): json.member("reason", reason)
        case .stageStarted(let fence): json.member("attempt", fence.attempt)
        case .stageFinished(let fence, _, let reason, _):
            json.member("attempt", fence.attempt)
            json.member("reason", reason)
        }
        json.endObject()
        json.member("customDataContentType", "application/json")
    }
}
