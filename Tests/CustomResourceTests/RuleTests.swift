import ClusterSupport
import Document
import Execution
import Model
import Testing

/// The CEL rules of the definitions, run over samples by a CEL library.
///
/// The library doesn't look at types and costs as an API server does; the costs are estimated here by the server's way.
/// `ServerTests` has a server that knows rules say the same of the same samples, where there is such a server.
@Suite struct RuleTests {
    /// What Rules/rules.py says.
    private struct Answer {
        var verdicts: [[String]]
        var costs: [(rule: String, cost: Int64)]

        static func about(_ samples: [Sample]) async throws -> Answer {
            let folder = "\(Assets.project)/Tests/CustomResourceTests/Rules"
            let python = try await PythonEnvironment.interpreter(
                requirements: "\(folder)/requirements.txt", module: "celpy")
            let definitions = try Definition.all.map { definition in
                let schema = try definition.committed["spec"]?["versions"]?.array?.first?["schema"]?["openAPIV3Schema"]
                return (definition.kind, try #require(schema))
            }
            let question = Node.record([
                ("definitions", .record(definitions)),
                ("samples", Node(.array(try samples.map { try $0.question }))),
            ])
            return try await withTemporaryFile(question.json()) { file in
                let script = Command(
                    python, ["\(folder)/rules.py", file], environment: ["PYTHONDONTWRITEBYTECODE": "1"],
                    workingDirectory: "/")
                let reply = try await script.capture()
                try #require(reply.exit.isSuccess, "\(reply.errorText)")
                return try Answer(try parseJSON(reply.outputText))
            }
        }

        private init(_ node: Node) throws {
            verdicts = try #require(node["verdicts"]?.array).map { ($0.array ?? []).compactMap(\.string) }
            costs = try #require(node["costs"]?.array).map { cost in
                let parts = cost.array ?? []
                try #require(parts.count == 4)
                let place = "\(parts[0].string ?? "")\(parts[1].string ?? ""): \(parts[2].string ?? "")"
                return (place, try #require(parts[3].int))
            }
        }
    }

    @Test func `what is good breaks no rule, and what is bad the one that it is to break`() async throws {
        let samples = Sample.good + Sample.againstRules
        let answer = try await Answer.about(samples)
        for (sample, verdict) in zip(samples, answer.verdicts) {
            if let refusal = sample.refusal {
                #expect(
                    verdict.count == 1 && verdict.allSatisfy { $0.contains(refusal) },
                    "\(sample.testDescription): \(verdict)")
            } else {
                #expect(verdict == [], "\(sample.testDescription)")
            }
        }
        #expect(answer.verdicts.count == samples.count)
    }

    @Test func `every rule has a sample that breaks it`() {
        let messages = Rule.all.values.flatMap { $0 }.map(\.message)
        for message in messages {
            #expect(Sample.againstRules.contains { message.contains($0.refusal ?? "?") }, "\(message)")
        }
    }

    /// A server refuses a definition beyond 10,000,000 for one rule, or 100,000,000 for all.
    @Test func `no rule may cost more than a server takes`() async throws {
        let costs = try await Answer.about([]).costs
        #expect(costs.count > 40)
        for (rule, cost) in costs { #expect(cost >= 0 && cost <= 9_000_000, "\(rule)") }
        for definition in Definition.all {
            let total = costs.filter { $0.rule.hasPrefix("\(definition.kind).") }.map(\.cost).reduce(0, +)
            #expect(total > 0 && total <= 50_000_000)
        }
    }

    @Test("the model refuses what a rule or the schema refuses", arguments: Sample.againstRules + Sample.againstSchema)
    func refused(_ sample: Sample) throws {
        guard let old = sample.old else { return #expect(try !sample.errors.isEmpty) }
        // An update that no rule would forbid, the controller finds out by the hash, or takes no notice of.
        let before = FieldReader.read(PipelineRunSpec.self, from: try Sample.node(old)).value
        let after = FieldReader.read(PipelineRunSpec.self, from: try Sample.node(sample.spec)).value
        let changesVerb = before.rerunCount > after.rerunCount || before.desiredState == .cancelled
        #expect((before.immutableHash != after.immutableHash) != changesVerb)
    }

    @Test("the model accepts what is good", arguments: Sample.good)
    func accepted(_ sample: Sample) throws {
        #expect(try sample.errors == [])
    }
}

extension Sample {
    fileprivate var question: Node {
        get throws {
            var node = Node.record([("kind", .text(kind)), ("new", try object(spec, name: "sample"))])
            if let old { node.set("old", try object(old, name: "sample")) }
            return node
        }
    }
}

/// A file with that text, for as long as the body runs.
private func withTemporaryFile<Result>(_ text: String, _ body: (String) async throws -> Result) async throws -> Result {
    let path = "/tmp/martlet-rules-\(String(UInt64.random(in: .min ... .max), radix: 36)).json"
    try FileSystem.write(Array(text.utf8), to: path)
    do {
        let result = try await body(path)
        try await FileTree.remove(path)
        return result
    } catch {
        try? await FileTree.remove(path)
        throw error
    }
}
