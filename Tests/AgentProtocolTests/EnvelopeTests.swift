import AgentProtocol
import Document
import Model
import Testing

@Suite struct EnvelopeTests {
    @Test("a message is read as it was written", arguments: Samples.names)
    func roundTrip(_ name: String) throws {
        for seed in 0..<60 as Range<UInt64> {
            let envelope = Samples.envelope(name, seed: seed, sparse: seed.isMultiple(of: 3))
            let read = Envelope.decode(headers: envelope.headers, value: envelope.value)
            #expect(read == .success(envelope), "seed \(seed)")
            #expect(Envelope.installation(of: envelope.headers) == envelope.installation)
        }
    }

    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var subject: String
        var key: String?
        var testDescription: String { name }
    }

    @Test(
        "a message says what it is about, and is put with its like",
        arguments: [
            Case(name: "assign", subject: "3b1f6c52-8a1e-4c52-9d3f-6f1f0f7f5a10/test.3/2", key: nil),
            Case(name: "stop", subject: "3b1f6c52-8a1e-4c52-9d3f-6f1f0f7f5a10/test.3/2", key: nil),
            Case(name: "drain", subject: "k3v9", key: nil),
            Case(name: "report", subject: "k3v9", key: nil),
            Case(
                name: "claimed", subject: "3b1f6c52-8a1e-4c52-9d3f-6f1f0f7f5a10/test.3/2",
                key: "3b1f6c52-8a1e-4c52-9d3f-6f1f0f7f5a10"),
            Case(
                name: "declined", subject: "3b1f6c52-8a1e-4c52-9d3f-6f1f0f7f5a10/test.3/2",
                key: "3b1f6c52-8a1e-4c52-9d3f-6f1f0f7f5a10"),
            Case(
                name: "progress", subject: "3b1f6c52-8a1e-4c52-9d3f-6f1f0f7f5a10/test.3/2",
                key: "3b1f6c52-8a1e-4c52-9d3f-6f1f0f7f5a10"),
            Case(
                name: "finished", subject: "3b1f6c52-8a1e-4c52-9d3f-6f1f0f7f5a10/test.3/2",
                key: "3b1f6c52-8a1e-4c52-9d3f-6f1f0f7f5a10"),
            Case(
                name: "log", subject: "3b1f6c52-8a1e-4c52-9d3f-6f1f0f7f5a10/test.3/2",
                key: "3b1f6c52-8a1e-4c52-9d3f-6f1f0f7f5a10/test.3/2"),
        ])
    func address(_ example: Case) {
        let message = Samples.message(example.name, seed: 2)
        #expect(message.subject == example.subject)
        #expect(message.key == example.key)
    }

    @Test func aPresenceIsPutWithItsAgent() {
        var presence = Presence()
        presence.agent = "gpu-1"
        #expect(Message.presence(presence).subject == "gpu-1")
        #expect(Message.presence(presence).key == "gpu-1")
        #expect(Message.controller(.report(instance: nil)).subject == "all")
    }

    @Test func aPresenceLooksLikeThis() {
        var presence = Presence()
        presence.agent = "gpu-1"
        presence.instance = "k3v9"
        presence.sequence = 7
        presence.kinds = ["gpu"]
        presence.labels = ["arch": "amd64"]
        presence.slots = 2
        presence.inboxPartition = 3
        presence.held = [HeldFence(fence: Samples.fence, digest: "d1")]
        presence.isDraining = true
        let envelope = Envelope(
            id: "x-1", source: "/agents/gpu-1", installation: "0b3c", time: Timestamp(seconds: 1_795_000_000),
            message: .presence(presence))
        #expect(
            String(decoding: envelope.value, as: UTF8.self) == """
                {"agent":"gpu-1","instance":"k3v9","sequence":7,"kinds":["gpu"],"labels":{"arch":"amd64"},"slots":2,\
                "inboxPartition":3,"held":[{"fence":"3b1f6c52-8a1e-4c52-9d3f-6f1f0f7f5a10/test.3/2","digest":"d1"}],\
                "draining":1,"version":""}
                """)
        #expect(
            envelope.headers.map { "\($0.name): \(String(decoding: $0.value, as: UTF8.self))" } == [
                "ce_specversion: 1.0", "ce_id: x-1", "ce_source: /agents/gpu-1",
                "ce_type: dev.martlet.agent.presence.v1", "ce_subject: gpu-1", "ce_time: 2026-11-18T11:06:40Z",
                "ce_installation: 0b3c", "content-type: application/json",
            ])
    }

    @Test(
        "a record without a header that counts says which",
        arguments: [
            "ce_type", "ce_id", "ce_source", "ce_installation", "ce_time",
        ])
    func missing(_ header: String) {
        let envelope = Samples.envelope("drain", seed: 0)
        let headers = envelope.headers.filter { $0.name != header }
        #expect(Envelope.decode(headers: headers, value: envelope.value) == .failure(.missingHeader(header)))
    }

    @Test("headers that nobody needs may be missing", arguments: ["ce_specversion", "ce_subject", "content-type"])
    func optional(_ header: String) {
        let envelope = Samples.envelope("drain", seed: 0)
        let headers = envelope.headers.filter { $0.name != header }
        #expect(Envelope.decode(headers: headers, value: envelope.value) == .success(envelope))
    }

    @Test("another version of this protocol is named", arguments: ["claimed.v2", "claimed.v10", "novel.v2"])
    func version(_ name: String) {
        let type = "dev.martlet.agent.\(name)"
        var headers = Samples.envelope("claimed", seed: 0).headers
        headers[3] = Envelope.Header("ce_type", Array(type.utf8))
        #expect(Envelope.decode(headers: headers, value: Array("{}".utf8)) == .failure(.unknownVersion(type)))
    }

    @Test(
        "a type that isn't of this protocol is named",
        arguments: ["dev.martlet.agent.claim.v1", "dev.martlet.agent.claimed.vx", "claimed", ""])
    func unknown(_ type: String) {
        var headers = Samples.envelope("claimed", seed: 0).headers
        headers[3] = Envelope.Header("ce_type", Array(type.utf8))
        #expect(Envelope.decode(headers: headers, value: Array("{}".utf8)) == .failure(.unknownType(type)))
    }

    @Test func aTimeThatIsNoneCountsAsMissing() {
        var headers = Samples.envelope("drain", seed: 0).headers
        headers[5] = Envelope.Header("ce_time", Array("today".utf8))
        #expect(Envelope.decode(headers: headers, value: Array("{}".utf8)) == .failure(.missingHeader("ce_time")))
    }

    @Test func whatIsTooLargeIsNotRead() {
        let value = [UInt8](repeating: UInt8(ascii: " "), count: Envelope.valueLimit + 1)
        #expect(Envelope.decode(headers: [], value: value) == .failure(.tooLarge(bytes: 1_000_001)))
        let fits = Array("{}".utf8) + value.dropFirst(3)
        let headers = Samples.envelope("report", seed: 1).headers
        #expect(throws: Never.self) { try Envelope.decode(headers: headers, value: fits).get() }
    }

    @Test(
        "a value that makes no sense says why",
        arguments: [
            ("drain", "{", nil),
            ("drain", "[]", "`instance` is missing"),
            ("drain", #"{"instance": 1}"#, "`instance` is missing"),
            ("claimed", #"{"fence": "a/b/1", "agent": "a", "instance": "i", "digest": "d"}"#, "`time` is missing"),
            (
                "claimed", #"{"fence": "a/b/1", "agent": "a", "instance": "i", "digest": "d", "time": "1"}"#,
                "`time` is no time"
            ),
            ("declined", #"{"fence": "a/b/01", "reason": ""}"#, "`a/b/01` is no fence"),
            ("stop", #"{"fence": "a", "instance": "i", "digest": "d", "reason": ""}"#, "`a` is no fence"),
            ("finished", #"{"fence": "a/b/1", "agent": "a", "instance": "i", "digest": "d"}"#, nil),
            (
                "finished", #"{"fence": "a/b/1", "agent": "a", "instance": "i", "digest": "d", "outcome": {}}"#,
                ": `result` is missing"
            ),
            ("presence", "{}", nil),
            ("log", #"{"fence": "a/b/1", "instance": "i"}"#, ": `text` is missing"),
        ] as [(String, String, String?)])
    func invalid(_ name: String, _ value: String, _ message: String?) throws {
        let headers = Samples.envelope(name, seed: 0).headers
        let result = Envelope.decode(headers: headers, value: Array(value.utf8))
        guard case .failure(.invalid(let text)) = result else {
            Issue.record("\(result)")
            return
        }
        if let message { #expect(text == message) }
    }

    @Test func anAssignmentWithAnotherDigestIsRefused() throws {
        let envelope = Samples.envelope("assign", seed: 0)
        guard case .controller(.assign(let assignment)) = envelope.message else { return }
        let text = String(decoding: envelope.value, as: UTF8.self)
        let digest = String(assignment.digest.reversed())
        let parts = text.split(separator: assignment.digest, maxSplits: 1).map(String.init)
        try #require(parts.count == 2)
        let result = Envelope.decode(headers: envelope.headers, value: Array(parts.joined(separator: digest).utf8))
        #expect(result == .failure(.wrongDigest))
    }

    @Test("what a newer side says beyond is left alone", arguments: Samples.names)
    func newer(_ name: String) throws {
        let envelope = Samples.envelope(name, seed: 4)
        let text = String(decoding: envelope.value, as: UTF8.self)
        let separator = text == "{}" ? "" : ","
        let longer = "\(text.dropLast())\(separator)\"since2030\":{\"a\":[1.5,null,true]}}"
        let headers = envelope.headers + [Envelope.Header("ce_traceparent", Array("00-0-0-00".utf8))]
        #expect(Envelope.decode(headers: headers, value: Array(longer.utf8)) == .success(envelope))
    }
}
