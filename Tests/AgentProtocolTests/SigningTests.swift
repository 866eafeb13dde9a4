import Testing

@testable import AgentProtocol

@Suite struct SigningTests {
    /// The fields of a message, of which a test may change one.
    struct Sample: Sendable {
        var type = "dev.martlet.agent.drain.v1"
        var id = "abc-1"
        var source = "/controllers/c1"
        var installation = "0b3c"
        var time = "2026-01-02T03:04:05Z"
        var value = #"{"instance":"i1"}"#

        var content: SignedContent {
            SignedContent(
                type: Array(type.utf8), id: Array(id.utf8), source: Array(source.utf8),
                installation: Array(installation.utf8), time: Array(time.utf8), value: Array(value.utf8))
        }
    }

    private func refusal(
        _ verifier: MessageVerifier, _ content: SignedContent, _ signature: MessageSignature?
    ) -> SignatureError? {
        verifier.refusal(
            of: content, signature: signature?.headers[0].value, keyID: signature?.headers[1].value)
    }

    @Test func `the content is each field with its length before it`() {
        let sample = Sample(type: "t", id: "", source: "sss", installation: "i", time: "T", value: "{}")
        let domain = "martlet.dev/controller-message/v1"
        var expected: [UInt8] = [0, 0, 0, 33] + Array(domain.utf8)
        expected += [0, 0, 0, 1, 0x74, 0, 0, 0, 0, 0, 0, 0, 3, 0x73, 0x73, 0x73, 0, 0, 0, 1, 0x69]
        expected += [0, 0, 0, 1, 0x54, 0, 0, 0, 2, 0x7B, 0x7D]
        #expect(sample.content.bytes == expected)
    }

    @Test func `a signature is the one that OpenSSL makes of the same bytes`() throws {
        let key = try SigningKey(pem: SampleKeys.ed25519Private)
        let signature = try #require(MessageSigner(key).sign(Sample().content))
        #expect(signature.headers.map(\.name) == ["ce_signature", "ce_signaturekey"])
        #expect(
            signature.headers.map { String(decoding: $0.value, as: UTF8.self) } == [
                "SfcqAPjJDKyRi2sFDbTB0t0Zo5UZel8mmFQvv97p8Rwc"
                    + "SOoj7TlqngJu5tKcv53dG0d3wufBRJT/yCdp9l2GAQ==",
                "560ae8686eb11db6",
            ])
        #expect(refusal(MessageVerifier(keys: [key.publicKey]), Sample().content, signature) == nil)
    }

    @Test(arguments: [
        Sample(type: "dev.martlet.agent.assign.v1"), Sample(id: "abc-2"), Sample(source: "/controllers/c2"),
        Sample(installation: "0b3d"), Sample(time: "2026-01-02T03:04:06Z"), Sample(value: #"{"instance":"i2"}"#),
        // The same bytes in a row, divided elsewhere.
        Sample(id: "abc-1/", source: "controllers/c1"), Sample(id: "", source: "abc-1/controllers/c1"),
    ])
    func `a signature holds for nothing else`(_ changed: Sample) throws {
        let key = SigningKey()
        for (signer, verifier) in [
            (MessageSigner(key), MessageVerifier(keys: [key.publicKey])),
            { (MessageSigner($0), MessageVerifier($0)) }(ProcessSecret()),
        ] {
            let signature = signer.sign(Sample().content)
            #expect(refusal(verifier, Sample().content, signature) == nil)
            #expect(refusal(verifier, changed.content, signature) == .wrong)
        }
    }

    @Test func `any of several keys will do, so that one can follow another`() {
        let (old, new, other) = (SigningKey(), SigningKey(), SigningKey())
        let verifier = MessageVerifier(keys: [old.publicKey, new.publicKey])
        let content = Sample().content
        #expect(refusal(verifier, content, MessageSigner(old).sign(content)) == nil)
        #expect(refusal(verifier, content, MessageSigner(new).sign(content)) == nil)
        #expect(refusal(verifier, content, MessageSigner(other).sign(content)) == .unknownKey(other.publicKey.id))
        #expect(refusal(verifier, content, nil) == .unsigned)
    }

    @Test func `a key that somebody merely names doesn't help`() throws {
        let (known, own) = (SigningKey(), SigningKey())
        let content = Sample().content
        let forged = MessageSignature(
            keyID: known.publicKey.id, bytes: try #require(own.signature(of: content.bytes)))
        let verifier = MessageVerifier(keys: [known.publicKey])
        #expect(refusal(verifier, content, forged) == .wrong)
        for bytes in [[], [0], [UInt8](repeating: 0, count: 64), [UInt8](repeating: 255, count: 65)] {
            #expect(refusal(verifier, content, MessageSignature(keyID: known.publicKey.id, bytes: bytes)) == .wrong)
        }
        #expect(
            verifier.refusal(of: content, signature: Array("!!".utf8), keyID: Array(known.publicKey.id.utf8))
                == .wrong)
    }

    @Test func `a secret of one process proves nothing in another`() {
        let (here, there) = (ProcessSecret(), ProcessSecret())
        let content = Sample().content
        let signature = MessageSigner(here).sign(content)
        #expect(refusal(MessageVerifier(here), content, signature) == nil)
        #expect(refusal(MessageVerifier(there), content, signature) == .wrong)
        #expect(refusal(MessageVerifier(keys: [SigningKey().publicKey]), content, signature) == .unsigned)
        let key = SigningKey()
        #expect(
            refusal(MessageVerifier(here), content, MessageSigner(key).sign(content)) == .unknownKey(key.publicKey.id))
    }
}
