import AgentProtocol
import Document
import Model
import Testing

/// `docs/agent-protocol/` against the types: whoever writes an agent from the page writes one that works.
@Suite struct SchemaTests {
    /// What a schema says beside its rules, which the types don't know.
    private func rules(_ schema: Node) -> Node {
        guard case .object(let members) = schema.value else { return schema }
        let told = ["$schema", "$id", "title", "description"]
        return Node(
            .object(
                members.filter { $0.value.members != nil || !told.contains($0.key) }.map {
                    Node.Member(key: $0.key, value: rules($0.value))
                }))
    }

    @Test func everyMessageHasASchema() throws {
        #expect(try ProtocolDocument.schemaNames() == Samples.names.sorted())
        #expect(MessageSchemas.all.map(\.name) == Samples.names)
        for name in Samples.names {
            #expect(Samples.message(name, seed: 0).type == "dev.martlet.agent.\(name).v1")
        }
    }

    @Test("a schema says what its message's type says, field by field", arguments: MessageSchemas.all.map(\.name))
    func schema(_ name: String) throws {
        let expected = try #require(MessageSchemas.all.first { $0.name == name }).schema
        let file = try ProtocolDocument.schema(name)
        let (wanted, found) = (expected.leaves(), rules(file).leaves())
        let (missing, extra) = (Set(wanted).subtracting(found).sorted(), Set(found).subtracting(wanted).sorted())
        #expect(
            missing.isEmpty && extra.isEmpty,
            """
            docs/agent-protocol/\(name).schema.json
            lacks:   \(missing.joined(separator: "\n         "))
            has too: \(extra.joined(separator: "\n         "))
            """)
        #expect(file["$schema"]?.string == "https://json-schema.org/draft/2020-12/schema")
        #expect(file["$id"]?.string == "https://martlet.dev/agent-protocol/v1/\(name).schema.json")
        #expect(undescribed(file, name) == [])
    }

    /// The properties that nothing is said about.
    private func undescribed(_ schema: Node, _ path: String) -> [String] {
        var found = schema["items"].map { undescribed($0, "\(path)[]") } ?? []
        for member in schema["properties"]?.members ?? [] {
            let path = "\(path).\(member.key)"
            if member.value["description"]?.string?.isEmpty ?? true { found.append(path) }
            found += undescribed(member.value, path)
        }
        return found
    }

    @Test(
        "every message that is written is valid, with no member that its schema doesn't name", arguments: Samples.names)
    func written(_ name: String) throws {
        let schema = JSONSchema(root: try ProtocolDocument.schema(name), isClosed: true)
        for seed in 0..<60 as Range<UInt64> {
            for sparse in [false, true] {
                let bytes = Samples.envelope(name, seed: seed, sparse: sparse).value
                let violations = schema.violations(of: try parseJSON(bytes))
                try #require(violations.isEmpty, "seed \(seed): \(String(decoding: bytes, as: UTF8.self))")
            }
        }
    }

    @Test("an example on the page is a message", arguments: Samples.names)
    func example(_ name: String) throws {
        let text = try ProtocolDocument.block("### `\(name)`", "json")
        let example = try parseJSON(text)
        let schema = JSONSchema(root: try ProtocolDocument.schema(name), isClosed: true)
        #expect(schema.violations(of: example).isEmpty)
        var headers = Samples.envelope(name, seed: 0).headers
        headers.removeAll { $0.name == "ce_subject" }
        let envelope = try Envelope.decode(headers: headers, value: Array(text.utf8)).get()
        #expect(envelope.message.type == "dev.martlet.agent.\(name).v1")
        #expect(try parseJSON(envelope.value).leaves() == example.leaves())
    }

    @Test(
        "what a reader refuses, the schema refuses",
        arguments: [
            ("assign", #"{"fence": "a/b/0", "instance": "i", "digest": "d", "work": {}}"#),
            ("stop", #"{"fence": "a/b/1", "instance": "", "digest": "d", "reason": ""}"#),
            ("stop", #"{"fence": "a/b/1", "instance": "i", "digest": "d", "reason": "", "graceSeconds": 3601}"#),
            ("drain", "{}"),
            ("claimed", #"{"fence": "a/b/1", "agent": "a", "instance": "i", "digest": "d", "time": "now"}"#),
            ("declined", #"{"fence": "a/b", "agent": "a", "instance": "i", "digest": "d", "reason": "r"}"#),
            ("progress", #"{"fence": "a/b/1", "agent": "a", "instance": "i", "digest": "d"}"#),
            (
                "finished",
                #"{"fence": "a/b/1", "agent": "a", "instance": "i", "digest": "d", "outcome": {"result": "Done"}}"#
            ),
            (
                "finished",
                #"{"fence": "a/b/1", "agent": "a", "instance": "i", "digest": "d", "outcome": {"result": "Failed", "results": [{"name": "a.b", "value": ""}]}}"#
            ),
            ("presence", #"{"agent": "a", "instance": "i", "version": "", "kinds": ["GPU"]}"#),
            ("presence", #"{"agent": "a", "instance": "i", "version": "", "labels": {"a": "b c"}}"#),
            ("log", #"{"fence": "a/b/1", "instance": "i", "text": "a\u0000b"}"#),
            ("log", #"{"fence": "a/b/1", "instance": "i", "text": "a", "number": -1}"#),
        ] as [(String, String)])
    func refused(_ name: String, _ value: String) throws {
        let schema = JSONSchema(root: try ProtocolDocument.schema(name))
        #expect(!schema.violations(of: try parseJSON(value)).isEmpty)
        #expect(throws: EnvelopeError.self) {
            try Envelope.decode(headers: Samples.envelope(name, seed: 0).headers, value: Array(value.utf8)).get()
        }
    }

    @Test func everyHeaderIsOnThePage() throws {
        let rows = try ProtocolDocument.rows("### Headers")
        for header in Samples.envelope("assign", seed: 0).headers {
            #expect(rows.contains { $0.first == header.name }, "\(header.name)")
        }
        let signature = "\(MessageSignature.signatureHeader), \(MessageSignature.keyHeader)"
        #expect(rows.contains { $0.first == signature })
    }
}
