import ClusterSupport
import Document
import Execution
import Model
import Testing

/// The CEL rules of the definitions, run over samples by a CEL library.
///
/// The library looks neither at types nor at costs, as an API server does: rules.py does both in the server's way.
/// `ServerTests` has a server that knows rules say the same of the same samples, where there is such a server.
@Suite struct RuleTests {
    /// What Rules/rules.py says.
    private struct Answer {
        var verdicts: [[String]]
        var costs: [(rule: String, cost: Int64)]

        /// - Throws: What the script says of a rule that no server would take.
        static func about(_ samples: [Sample], _ definitions: [(String, Node)]? = nil) async throws -> Answer {
            let folder = "\(Assets.project)/Tests/CustomResourceTests/Rules"
            let python = try await PythonEnvironment.interpreter(
                requirements: "\(folder)/requirements.txt", module: "celpy")
            let question = Node.record([
                ("definitions", .record(try definitions ?? committed())),
                ("samples", Node(.array(try samples.map { try $0.question }))),
            ])
            return try await withTemporaryFile(question.json()) { file in
                let script = Command(
                    python, ["\(folder)/rules.py", file], environment: ["PYTHONDONTWRITEBYTECODE": "1"],
                    workingDirectory: "/")
                let reply = try await script.capture()
                guard reply.exit.isSuccess else { throw ClusterError(reply.errorText) }
                return try Answer(try parseJSON(reply.outputText))
            }
        }

        private static func committed() throws -> [(String, Node)] {
            try Definition.all.map { definition in
                let schema = try definition.committed["spec"]?["versions"]?.array?.first?["schema"]?["openAPIV3Schema"]
                return (definition.kind, try #require(schema))
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

    @Test(
        "what looks at the rules finds those that no server would take",
        arguments: [
            ("self.text == self.number", "integer where string is wanted"),
            ("self.number in self.texts", "integer where string is wanted"),
            ("self.texts.all(t, t)", "string where boolean is wanted"),
            ("self.text", "string where boolean is wanted"),
            ("has(self.texts) ? self.text : true", "boolean where string is wanted"),
            ("self.texts.size().startsWith('a')", "integer where string is wanted"),
            ("self.other == 1", "other"),
        ])
    func misfit(_ rule: String, _ complaint: String) async throws {
        let error = await #expect(throws: ClusterError.self) {
            try await Answer.about([], [("Thing", try Self.thing(rule, textsBounded: true))])
        }
        #expect(error?.description.contains(complaint) == true, "\(error?.description ?? "")")
    }

    @Test func `what looks at the rules counts as a server does`() async throws {
        let rule = "self.texts.all(t, t.startsWith(self.text))"
        // The list; 25 times the loop, the text and its start, and that start's 400 bytes; the result.
        let bounded = try await Answer.about([], [("Thing", try Self.thing(rule, textsBounded: true))])
        let most: Int64 = 2 + 25 * (3 + 1 + 2 + 40) + 1
        #expect(bounded.costs.map(\.cost) == [most])
        let unbounded = try await Answer.about([], [("Thing", try Self.thing(rule, textsBounded: false))])
        #expect(unbounded.costs.map(\.cost) == [-1])
    }

    private static func thing(_ rule: String, textsBounded: Bool) throws -> Node {
        let bound = textsBounded ? "maxItems: 25, " : ""
        var schema = try Sample.node(
            """
            {type: object, properties: {number: {type: integer}, text: {type: string, maxLength: 100},
              texts: {type: array, \(bound)items: {type: string, maxLength: 63}}}}
            """)
        schema.set("x-kubernetes-validations", Node(.array([Rule(rule: rule, message: "no").node])))
        return schema
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
