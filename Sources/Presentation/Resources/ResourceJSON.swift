internal import Document
package import Model

/// Objects as the Kubernetes API would give them, in JSON for people and programs.
package enum ResourceJSON {
    package static func text(_ resource: Resource) -> String {
        var json = JSONWriter()
        resource.write(into: &json)
        return pretty(json)
    }

    /// All objects in a `kind: List`.
    package static func list(_ resources: [Resource]) -> String {
        var json = JSONWriter()
        json.beginObject()
        json.member("apiVersion", "v1")
        json.member("kind", "List")
        json.key("items")
        json.beginArray()
        for resource in resources { resource.write(into: &json) }
        json.endArray()
        json.endObject()
        return pretty(json)
    }

    static func pretty(_ json: JSONWriter) -> String {
        do throws(JSONError) {
            return try parseJSON(json.bytes, limits: JSONLimits(bytes: .max, values: .max)).prettyJSON() + "\n"
        } catch {
            preconditionFailure("a writer writes JSON: \(error)")
        }
    }
}
