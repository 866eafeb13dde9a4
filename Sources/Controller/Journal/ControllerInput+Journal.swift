internal import AgentProtocol
internal import Document
internal import Model

// Each input as an object whose first key says what it is.
extension ControllerInput {
    func write(into json: inout JSONWriter) {
        json.beginObject()
        switch self {
        case .store(let event): event.write(into: &json)
        case .channel(let event): event.write(into: &json)
        case .wrote(let uid, let outcome):
            json.member("wrote", uid)
            outcome.write(into: &json)
        case .deleted(let uid, let outcome):
            json.member("deleted", uid)
            outcome.write(into: &json)
        case .published(let fence, let digest, let delivered):
            json.member("published", fence.description)
            json.member("digest", digest)
            json.member("delivered", delivered)
        case .sourceResolved(let uid, .success(let source)):
            json.member("resolved", uid)
            json.key("source")
            FieldWriter.write(source, into: &json)
        case .sourceResolved(let uid, .failure(let error)):
            json.member("resolved", uid)
            json.member("error", error.message)
            json.member("mayPass", error.mayPass)
        case .looked(let uid, let answer):
            json.member("looked", uid)
            switch answer {
            case .found(let run): json.member("found", run)
            case .absent: json.member("absent", true)
            case .failed(let problem): json.member("failed", problem)
            }
        case .told(let uid, let record):
            json.member("told", uid)
            json.key("record")
            FieldWriter.write(record, into: &json)
        case .woke: json.member("woke", true)
        }
        json.endObject()
    }

    init(journal line: Node) throws(JournalError) {
        let kind = line.members?.first?.key ?? ""
        let node = JournalNode(line, name: kind)
        switch kind {
        case "wrote": self = .wrote(uid: try node.text("wrote"), try WriteOutcome(journal: node))
        case "deleted": self = .deleted(uid: try node.text("deleted"), try DeleteOutcome(journal: node))
        case "published":
            let text = try node.text("published")
            guard let fence = Fence(text) else { throw node.error("`\(text)` is no fence") }
            self = .published(fence: fence, digest: try node.text("digest"), delivered: try node.flag("delivered"))
        case "resolved":
            let uid = try node.text("resolved")
            if node.has("error") {
                let error = SourceError(try node.text("error"), mayPass: try node.flag("mayPass"))
                self = .sourceResolved(uid: uid, .failure(error))
            } else {
                self = .sourceResolved(uid: uid, .success(try node.record("source")))
            }
        case "looked":
            let uid = try node.text("looked")
            if node.has("found") {
                self = .looked(uid: uid, .found(try node.run("found")))
            } else if node.has("failed") {
                self = .looked(uid: uid, .failed(try node.text("failed")))
            } else {
                self = .looked(uid: uid, .absent)
            }
        case "told": self = .told(uid: try node.text("told"), try node.record("record"))
        case "woke": self = .woke
        case "listed", "run", "runGone", "pipeline", "pipelineGone", "drained":
            self = .store(try StoreEvent(journal: node))
        default: self = .channel(try ChannelEvent(journal: node))
        }
    }
}

extension StoreEvent {
    fileprivate func write(into json: inout JSONWriter) {
        switch self {
        case .listed(let runs, let pipelines):
            json.key("listed")
            json.beginArray()
            for run in runs { Resource.run(run).write(into: &json) }
            json.endArray()
            json.key("pipelines")
            json.beginArray()
            for pipeline in pipelines { Resource.pipeline(pipeline).write(into: &json) }
            json.endArray()
        case .run(let run): json.member("run", run)
        case .runGone(let uid): json.member("runGone", uid)
        case .pipeline(let pipeline):
            json.key("pipeline")
            Resource.pipeline(pipeline).write(into: &json)
        case .pipelineGone(let name, let namespace):
            json.member("pipelineGone", name)
            json.member("namespace", namespace)
        case .drained(let agents): json.member("drained", agents)
        }
    }

    fileprivate init(journal node: JournalNode) throws(JournalError) {
        switch node.name {
        case "listed":
            self = .listed(
                runs: try node.array("listed").map { PipelineRun(reading: $0) },
                pipelines: try node.array("pipelines").map { Pipeline(reading: $0) })
        case "run": self = .run(try node.run("run"))
        case "runGone": self = .runGone(uid: try node.text("runGone"))
        case "drained": self = .drained(try node.texts("drained"))
        case "pipeline": self = .pipeline(Pipeline(reading: try node.object("pipeline").node))
        default:
            self = .pipelineGone(
                name: try node.text("pipelineGone"),
                namespace: node.has("namespace") ? try node.text("namespace") : nil)
        }
    }
}

extension ChannelEvent {
    fileprivate func write(into json: inout JSONWriter) {
        switch self {
        case .presence(let presence):
            json.key("presence")
            FieldWriter.write(presence, into: &json)
        case .report(let report, let position):
            json.member("report", Message.report(report))
            json.member("at", position)
        case .skipped(let position): json.member("skipped", position)
        case .caughtUp(let token): json.member("caughtUp", token)
        case .link(let isUp): json.member("link", isUp)
        }
    }

    fileprivate init(journal node: JournalNode) throws(JournalError) {
        switch node.name {
        case "presence": self = .presence(try node.record("presence"))
        case "report":
            let report = try node.object("report")
            guard case .report(let said) = try report.message() else { throw node.error("is no report") }
            self = .report(said, at: try node.position("at"))
        case "skipped": self = .skipped(try node.position("skipped"))
        case "caughtUp": self = .caughtUp(token: Int(try node.number("caughtUp")))
        case "link": self = .link(isUp: try node.flag("link"))
        default: throw .malformed("`\(node.name)` is no input of a controller")
        }
    }
}

extension WriteOutcome {
    fileprivate func write(into json: inout JSONWriter) {
        switch self {
        case .stored(let version): json.member("stored", version)
        case .conflict(let run): json.member("conflict", run)
        case .gone: json.member("gone", true)
        case .refused(let problem): json.member("refused", problem)
        case .failed(let problem): json.member("failed", problem)
        }
    }

    fileprivate init(journal node: JournalNode) throws(JournalError) {
        if node.has("stored") {
            self = .stored(resourceVersion: try node.text("stored"))
        } else if node.has("conflict") {
            self = .conflict(try node.run("conflict"))
        } else if node.has("refused") {
            self = .refused(try node.text("refused"))
        } else if node.has("failed") {
            self = .failed(try node.text("failed"))
        } else if node.has("gone") {
            self = .gone
        } else {
            throw node.error("has no outcome")
        }
    }
}

extension DeleteOutcome {
    fileprivate func write(into json: inout JSONWriter) {
        switch self {
        case .deleted: json.member("outcome", "deleted")
        case .gone: json.member("outcome", "gone")
        case .conflict: json.member("outcome", "conflict")
        case .failed(let problem): json.member("failed", problem)
        }
    }

    fileprivate init(journal node: JournalNode) throws(JournalError) {
        guard !node.has("failed") else {
            self = .failed(try node.text("failed"))
            return
        }
        switch try node.text("outcome") {
        case "deleted": self = .deleted
        case "gone": self = .gone
        case "conflict": self = .conflict
        case let other: throw node.error("`\(other)` is no outcome")
        }
    }
}
