package import Controller
internal import Document
internal import KubernetesAPI
internal import Model

extension KubernetesStore {
    /// A merge patch of single fields: whoever writes the others (what is found of the spec) is in nobody's way.
    package func patch(_ patch: PipelinePatch) async -> Bool {
        guard mayAct() else { return false }
        var json = JSONWriter()
        json.beginObject()
        json.key("status")
        json.beginObject()
        if let outcomes = patch.outcomes {
            json.key("outcomes")
            json.beginArray()
            for outcome in outcomes { FieldWriter.write(outcome, into: &json) }
            json.endArray()
        }
        if let time = patch.lastScheduleTime { json.member("lastScheduleTime", time.description) }
        json.endObject()
        json.endObject()
        let request = APIRequest(
            .patch,
            Self.pipelines.path(namespace: patch.namespace ?? "default", name: patch.name, subresource: "status"),
            query: [.init("fieldManager", Self.fieldManager)], body: json.bytes,
            contentType: "application/merge-patch+json")
        do throws(APIError) {
            _ = try await connection.send(request)
            return true
        } catch {
            switch StatusUpdate.outcome(of: error, name: patch.name) {
            case .gone: return true
            case .refused(let problem):
                warn("the status of pipeline \(patch.name) was refused: \(problem)")
                return true
            case nil, .stored, .conflict, .failed: return false
            }
        }
    }
}
