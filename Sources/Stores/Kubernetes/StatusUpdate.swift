internal import Controller
internal import Document
internal import KubernetesAPI
internal import Model

/// A status to be stored: what is sent, and what the answers mean.
///
/// The server takes nothing but `status` from an update of the status subresource, so that fields of the spec that this
/// program doesn't know stay. `resourceVersion` makes it a compare-and-swap, and `uid` keeps it from a later object of
/// the same name.
struct StatusUpdate: Sendable {
    let request: APIRequest
    /// The size of the status in bytes.
    let size: Int

    init(
        _ resource: APIResource, kind: String, uid: String?, name: String, namespace: String?, resourceVersion: String,
        status: some Fields
    ) {
        let status = FieldWriter.bytes(status)
        size = status.count
        var json = JSONWriter(reservingCapacity: status.count + 400)
        json.beginObject()
        json.member("apiVersion", Resource.apiVersion)
        json.member("kind", kind)
        json.key("metadata")
        json.beginObject()
        json.member("name", name)
        json.member("namespace", namespace)
        json.member("uid", uid)
        json.member("resourceVersion", resourceVersion)
        json.endObject()
        json.key("status")
        json.raw(status)
        json.endObject()
        request = APIRequest(
            .put, resource.path(namespace: namespace, name: name, subresource: "status"),
            query: [.init("fieldManager", KubernetesStore.fieldManager)], body: json.bytes)
    }

    /// What a refusal means; nil for a conflict, after which the object has to be read.
    static func outcome(of error: APIError, name: String) -> WriteOutcome? {
        guard let status = error.status else { return .failed(error.description) }
        if status.isTooLarge { return .refused(status.description) }
        switch status.code {
        case 404: return status.isAbout(name) ? .gone : .failed(error.description)
        case 409: return nil
        // 400 and 422: the object is wrong.
        case 400, 422:
            let fields = status.causes.prefix(3).map { $0.field.isEmpty ? $0.message : "\($0.field): \($0.message)" }
            return .refused(fields.isEmpty ? status.description : fields.joined(separator: "; "))
        default: return .failed(error.description)
        }
    }
}

extension APIStatus {
    /// Too large for the server, or for its etcd, which says so with an internal error.
    var isTooLarge: Bool {
        code == 413 || message.contains("request is too large") || message.contains("message larger than max")
    }

    /// Whether "not found" is said of that object, rather than of its kind by a server that is just starting.
    func isAbout(_ name: String) -> Bool { message.contains("\"\(name)\"") }
}
