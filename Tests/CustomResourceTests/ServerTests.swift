import ClusterSupport
import Document
import Execution
import Manifests
import Model
import TestSupport
import Testing

/// The definitions on a real API server.
@Suite(.serialized) struct ServerTests {
    /// The server that all tests here share, with the definitions.
    private static let cluster = Task {
        let server = try await APIServer.shared
        return (server: server, knowsRules: try await server.installDefinitions())
    }

    private static var server: APIServer { get async throws { try await cluster.value.server } }

    @Test func `the server takes the definitions as they are, and keeps the rules if it knows any`() async throws {
        let (server, knowsRules) = try await Self.cluster.value
        for definition in Definition.all {
            let name = "\(definition.plural).martlet.dev"
            let stored = try parseJSON(
                try await server.kubectl(
                    "get", "--raw", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/\(name)"))
            let conditions = stored["status"]?["conditions"]?.array ?? []
            #expect(conditions.compactMap { $0["type"]?.string }.sorted() == ["Established", "NamesAccepted"])
            // Of what the server has added the defaults alone are not the file's.
            let lost = Difference.all(between: stored, and: definition.node).map(\.description)
                .filter { !$0.contains("the model knows of no such thing") }
            #expect(lost.filter { !$0.contains("x-kubernetes-validations: missing") } == [])
            #expect(lost.isEmpty == knowsRules)
        }
    }

    @Test func `samples of this project are accepted`() async throws {
        let server = try await Self.server
        let namespace = try await server.namespace()
        let folder = "\(Assets.project)/manifests/samples"
        let files = FileSystem.names(in: folder).filter { $0.hasSuffix(".yaml") }.flatMap { ["-f", "\(folder)/\($0)"] }
        try #require(!files.isEmpty)
        let reply = try await server.attempt(["apply", "-n", namespace] + files)
        #expect(reply.exit.isSuccess, "\(reply.errorText)")
    }

    @Test func `what is good is accepted and comes back whole`() async throws {
        let server = try await Self.server
        let samples = Batch(Sample.good)
        let namespace = try await server.namespace()
        for refusal in try await samples.create(on: server, in: namespace) { Issue.record("\(refusal ?? "?")") }
        for (place, refusal) in try await samples.apply(on: server, in: namespace).enumerated() {
            let sample = samples.samples[place]
            #expect(refusal == nil, "\(sample.testDescription): \(refusal ?? "")")
            guard refusal == nil else { continue }
            let stored = try await server.object(sample.plural, Batch.name(place), in: namespace)
            let found = Difference.all(between: try #require(stored["spec"]), and: try Sample.node(sample.spec))
            // The one default that is stored: see `Tightening`.
            #expect(
                found.map(\.description).filter { !$0.contains(".rerun: there") } == [], "\(sample.testDescription)")
        }
    }

    @Test func `the schema refuses what is bad, and says where`() async throws {
        let server = try await Self.server
        let samples = Batch(Sample.againstSchema)
        let refusals = try await samples.apply(on: server, in: try await server.namespace())
        for (sample, said) in zip(samples.samples, refusals) {
            let field = try #require(sample.refusal)
            // Newer servers put the items' numbers into every path.
            let isNamed = said?.contains(field) == true || said?.withoutItems.contains(field) == true
            #expect(isNamed, "\(sample.testDescription): \(said ?? "accepted")")
        }
    }

    @Test func `rules refuse what is bad on a server that knows them, and else nobody does`() async throws {
        let (server, knowsRules) = try await Self.cluster.value
        let samples = Batch(Sample.againstRules)
        let namespace = try await server.namespace()
        for refusal in try await samples.create(on: server, in: namespace) { Issue.record("\(refusal ?? "?")") }
        let refusals = try await samples.apply(on: server, in: namespace)
        for (sample, said) in zip(samples.samples, refusals) {
            if knowsRules {
                let wanted = try #require(sample.refusal)
                #expect(said?.contains(wanted) == true, "\(sample.testDescription): \(said ?? "accepted")")
            } else if sample.name != "a reserved field" {
                #expect(said == nil, "\(sample.testDescription)")
            }
        }
    }

    @Test func `any status that the model can write is kept as it is`() async throws {
        let server = try await Self.server
        let kinds = [Sample.pipeline("status", "{stages: [{name: lint}]}"), .run("status", "{pipelineRef: {name: a}}")]
        let samples = Batch((0..<16).map { kinds[$0 % 2] })
        let namespace = try await server.namespace()
        for said in try await samples.apply(on: server, in: namespace) { #expect(said == nil) }
        for (place, sample) in samples.samples.enumerated() {
            // The first are full, and the others have gaps.
            let (seed, sparse) = (UInt64(place), place > 3)
            let bytes =
                sample.kind == Pipeline.kind
                ? FieldWriter.bytes(RandomRecord.make(PipelineStatus.self, seed: seed, sparse: sparse))
                : FieldWriter.bytes(RandomRecord.make(PipelineRunStatus.self, seed: seed, sparse: sparse))
            let status = try parseJSON(bytes)
            try await server.writeStatus(status, of: sample.plural, Batch.name(place), in: namespace)
            let stored = try await server.object(sample.plural, Batch.name(place), in: namespace)
            let found = Difference.all(between: stored["status"] ?? .record([]), and: status)
            #expect(found.map(\.description) == [], "seed \(seed)")
        }
    }

    @Test func `the status is written apart from the spec, and only the spec counts generations`() async throws {
        let server = try await Self.server
        let namespace = try await server.namespace()
        let run = Sample.run("run", "{pipelineRef: {name: a}}")
        try await server.kubectl("create", "-n", namespace, "-f", try server.file(run.manifest(run.spec)))
        // A status that comes with the object is no status.
        try await server.kubectl(
            "patch", "mrun", "sample", "-n", namespace, "--type=merge", "-p",
            #"{"spec":{"desiredState":"Paused"},"status":{"progress":"1/4"}}"#)
        var stored = try await server.object("pipelineruns", "sample", in: namespace)
        #expect(stored["status"] == nil)
        #expect(stored["metadata"]?["generation"]?.int == 2)
        try await server.writeStatus(.record([("progress", .text("2/4"))]), of: "pipelineruns", "sample", in: namespace)
        stored = try await server.object("pipelineruns", "sample", in: namespace)
        #expect(stored["status"]?["progress"]?.string == "2/4")
        #expect(stored["metadata"]?["generation"]?.int == 2)
    }

    @Test func `what is created has no field that nobody has set`() async throws {
        let server = try await Self.server
        let namespace = try await server.namespace()
        let run = Sample.run("run", "{pipelineRef: {name: a}}")
        try await server.kubectl("create", "-n", namespace, "-f", try server.file(run.manifest(run.spec)))
        let stored = try await server.object("pipelineruns", "sample", in: namespace)
        #expect(stored["spec"]?.json() == #"{"pipelineRef":{"name":"a"}}"#)
        #expect(stored["status"] == nil)
    }
}

/// Samples that kubectl is given all at once, since it takes its time to start.
private struct Batch {
    let samples: [Sample]

    init(_ samples: [Sample]) { self.samples = samples }

    static func name(_ place: Int) -> String { "sample-\(place)" }

    /// Makes what is there before an update.
    ///
    /// - Returns: What is said of those that are refused.
    func create(on server: APIServer, in namespace: String) async throws -> [String?] {
        let documents = try samples.enumerated().compactMap { place, sample in
            try sample.old.map { try sample.manifest($0, name: Self.name(place)) }
        }
        return try await send(documents, to: server, in: namespace).filter { $0 != nil }
    }

    /// - Returns: For each sample what is said if it is refused.
    func apply(on server: APIServer, in namespace: String) async throws -> [String?] {
        let documents = try samples.enumerated().map { place, sample in
            try sample.manifest(sample.spec, name: Self.name(place))
        }
        return try await send(documents, to: server, in: namespace)
    }

    private func send(_ documents: [String], to server: APIServer, in namespace: String) async throws -> [String?] {
        guard !documents.isEmpty else { return [] }
        // kubectl's own look at the objects is turned off: it would be the first to refuse some of them.
        let reply = try await server.attempt(
            "apply", "--validate=false", "-n", namespace, "-f", try server.file(documents.joined(separator: "---\n")))
        let lines = (reply.outputText + reply.errorText).split(separator: "\n").map(String.init)
        return samples.indices.map { place in
            let name = Self.name(place)
            if lines.contains(where: { $0.contains("/\(name) ") }) { return nil }
            // A refusal goes on over the lines up to the next one that names an object.
            guard let first = lines.firstIndex(where: { $0.contains("\"\(name)\"") }) else {
                return reply.errorText.isEmpty
                    ? nil : "kubectl says nothing of \(name): \(reply.errorText.prefix(1000))"
            }
            let rest = lines[(first + 1)...].prefix { !$0.contains("\"\(Self.name(0).dropLast())") }
            return ([lines[first]] + rest).joined(separator: "\n")
        }
    }
}

extension Sample {
    var plural: String { kind == Pipeline.kind ? "pipelines" : "pipelineruns" }

    func manifest(_ spec: String, name: String = "sample") throws -> String {
        YAMLWriter.text(of: try object(spec, name: name))
    }
}

extension String {
    /// Without the numbers of items: `spec.stages[0].name` is `spec.stages.name`.
    fileprivate var withoutItems: String {
        var text = ""
        var isNumber = false
        for character in self {
            if character == "[" { isNumber = true }
            if !isNumber { text.append(character) }
            if character == "]" { isNumber = false }
        }
        return text
    }
}
