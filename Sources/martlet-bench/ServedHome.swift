internal import Assembly
internal import Document
internal import KubernetesAPI
internal import Model
internal import Stores
internal import Synchronization

/// A home that works while a benchmark puts runs into it.
protocol ServedHome: Sendable {
    /// Makes a run, and returns its UID.
    func create(_ run: PipelineRun) async throws -> String
    /// What the controller has written so far: statuses and Events; nil where that is no question.
    var writes: Int? { get }
    /// How large a run is where it is stored.
    func storedBytes(_ uid: String) async throws -> Int?
}

extension LocalController: ServedHome {
    func create(_ run: PipelineRun) async throws -> String { try await store.verbs.create(run).uid }
    var writes: Int? { nil }
    func storedBytes(_ uid: String) async throws -> Int? { nil }
}

/// Puts runs into a cluster the way a user would, by a client of its own, and takes them away in the end.
final class ServedCluster: ServedHome {
    private let controller: ClusterController
    private let client: KubernetesClient
    private let runs: String
    private let pipelines: String
    /// Names of runs by UID.
    private let names = Mutex<[String: String]>([:])
    private let label = String(UInt32.random(in: .min ... .max), radix: 36)

    init(_ controller: ClusterController, _ home: ClusterHome) throws {
        self.controller = controller
        client = try KubernetesClient(home.configuration)
        runs = "/apis/martlet.dev/v1alpha1/namespaces/\(home.namespace)/pipelineruns"
        pipelines = "/apis/martlet.dev/v1alpha1/namespaces/\(home.namespace)/pipelines"
    }

    var writes: Int? {
        controller.requestCounters.lines.reduce(0) { $1.method == .get ? $0 : $0 + $1.count }
    }

    func create(_ run: PipelineRun) async throws -> String {
        var json = JSONWriter()
        json.beginObject()
        json.member("apiVersion", Resource.apiVersion)
        json.member("kind", PipelineRun.kind)
        json.key("metadata")
        json.beginObject()
        json.member("generateName", "bench-")
        json.key("labels")
        json.beginObject()
        json.member("bench", label)
        json.endObject()
        json.endObject()
        json.key("spec")
        FieldWriter.write(run.spec, into: &json)
        json.endObject()
        let answer = try parseJSON(try await client.send(APIRequest(.post, runs, body: json.bytes)))
        guard let uid = answer["metadata"]?["uid"]?.string, let name = answer["metadata"]?["name"]?.string else {
            throw BenchError(description: "the API server made a run without a name")
        }
        names.withLock { $0[uid] = name }
        return uid
    }

    /// Makes a pipeline, which goes with the runs in the end.
    func create(_ pipeline: Pipeline) async throws {
        var pipeline = pipeline
        pipeline.metadata.labels["bench"] = label
        let json = JSONWriter.text { Resource.pipeline(pipeline).write(into: &$0) }
        _ = try await client.send(APIRequest(.post, pipelines, body: json))
    }

    /// The object as the server keeps it, which is JSON, too.
    func storedBytes(_ uid: String) async throws -> Int? {
        guard let name = names.withLock({ $0[uid] }) else { return nil }
        return try await client.send(APIRequest(.get, "\(runs)/\(name)")).count
    }

    func removeRuns() async throws {
        let query = [APIRequest.Parameter("labelSelector", "bench=\(label)")]
        _ = try await client.send(APIRequest(.delete, runs, query: query, timeoutSeconds: 120))
        _ = try await client.send(APIRequest(.delete, pipelines, query: query, timeoutSeconds: 120))
        // Made by deliveries, which know nothing of the benchmark.
        let made = [APIRequest.Parameter("labelSelector", "\(RunLabels.trigger)=push")]
        _ = try await client.send(APIRequest(.delete, runs, query: made, timeoutSeconds: 120))
        await client.close()
    }
}

extension JSONWriter {
    /// What `body` writes.
    static func text(_ body: (inout JSONWriter) -> Void) -> [UInt8] {
        var writer = JSONWriter()
        body(&writer)
        return writer.bytes
    }
}
