internal import Document
package import Model

/// Objects as the Kubernetes API would give them, in JSON for people and programs.
package enum ResourceJSON {
    package static func text(_ resource: Resource) -> String {
        var json = JSONWriter()
        write(resource, into: &json)
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
        for resource in resources { write(resource, into: &json) }
        json.endArray()
        json.endObject()
        return pretty(json)
    }

    private static func write(_ resource: Resource, into json: inout JSONWriter) {
        json.beginObject()
        json.member("apiVersion", Resource.apiVersion)
        switch resource {
        case .pipeline(let pipeline):
            json.member("kind", Pipeline.kind)
            write(pipeline.metadata, pipeline.spec, pipeline.status, into: &json)
        case .run(let run):
            json.member("kind", PipelineRun.kind)
            write(run.metadata, run.spec, run.status, into: &json)
        }
        json.endObject()
    }

    private static func write(
        _ metadata: Metadata, _ spec: some Fields, _ status: some Fields, into json: inout JSONWriter
    ) {
        json.key("metadata")
        FieldWriter.write(metadata, into: &json)
        json.key("spec")
        FieldWriter.write(spec, into: &json)
        json.key("status")
        FieldWriter.write(status, into: &json)
    }

    private static func pretty(_ json: JSONWriter) -> String {
        do throws(JSONError) {
            return try parseJSON(json.bytes, limits: JSONLimits(bytes: .max, values: .max)).prettyJSON() + "\n"
        } catch {
            preconditionFailure("a writer writes JSON: \(error)")
        }
    }
}
