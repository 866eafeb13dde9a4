internal import AgentProtocol
internal import Document
internal import Model
internal import Planning

// Actions are only ever compared, so they are written and not read.
extension ControllerAction {
    func write(into json: inout JSONWriter) {
        json.beginObject()
        switch self {
        case .write(let write):
            json.member("write", write.uid)
            json.member("name", write.name)
            json.member("namespace", write.namespace)
            json.member("resourceVersion", write.resourceVersion)
            json.key("status")
            FieldWriter.write(write.status, into: &json)
        case .delete(let run):
            json.member("delete", run.uid)
            json.member("name", run.name)
            json.member("namespace", run.namespace)
            json.member("resourceVersion", run.resourceVersion)
        case .publish(let message, let inbox):
            json.member("publish", Message.controller(message))
            json.member("kind", inbox.kind)
            json.member("partition", inbox.partition)
        case .reportToAll: json.member("reportToAll", true)
        case .commit(let positions):
            json.key("commit")
            json.beginArray()
            for position in positions { json.position(position) }
            json.endArray()
        case .catchUp(let token): json.member("catchUp", token)
        case .resolve(let uid, let request):
            json.member("resolve", uid)
            json.member("url", request.url)
            json.member("ref", request.ref)
            json.member("credentials", request.credentials)
            json.member("pipeline", request.pipeline)
            json.member("namespace", request.namespace)
        case .lookUp(let uid): json.member("lookUp", uid)
        case .patch(let patch):
            json.member("patch", patch.name)
            json.member("namespace", patch.namespace)
            json.member("outcomes", patch.outcomes?.map { "\($0.ref) \($0.run) \($0.succeeded.rawValue)" } ?? [])
        case .annotated(let fence, of: _, let annotations):
            json.member("annotated", fence.description)
            json.member("count", annotations.count)
        case .stale(let report): json.member("stale", report.fence.description)
        case .observed(let run, let happenings, let isStored):
            // Its status is in the write; as a whole it would double the journal.
            json.member("observed", run.uid)
            json.member("resourceVersion", run.metadata.resourceVersion)
            // As text, since readers of JSON elsewhere lose the last digits of so large a number.
            let hash = stableHash(String(decoding: FieldWriter.bytes(run.status), as: UTF8.self))
            json.member("statusHash", String(hash, radix: 16))
            json.member("isStored", isStored)
            json.member("happenings", happenings.map { "\($0)" })
        case .unplaced(let stages):
            json.key("unplaced")
            json.beginArray()
            for stage in stages {
                json.beginObject()
                json.member("run", stage.why.run)
                json.member("stage", stage.why.stage)
                json.member("reason", stage.why.reason)
                json.member("message", stage.why.message)
                json.member("isHopeless", stage.why.isHopeless)
                json.endObject()
            }
            json.endArray()
        case .passedOver(let instances):
            json.key("passedOver")
            json.beginArray()
            for one in instances { FieldWriter.write(one, into: &json) }
            json.endArray()
        case .expectTraffic(let expected): json.member("expectTraffic", expected)
        case .warn(let warning): json.member("warn", "\(warning)")
        }
        json.endObject()
    }
}
