import Model
import Testing

@testable import AgentProtocol

/// Values that an agent in another language has to come to as well. They stand on the page; a change of them is a change
/// of the protocol.
@Suite struct VectorTests {
    @Test func theDigestIsThatOfThePage() throws {
        let rows = try ProtocolDocument.rows("### The digest")
        func value(_ name: String) throws -> String { try #require(rows.first { $0.first == name }?.last) }
        let fence = try #require(Fence(try value("fence")))
        let work = try ProtocolDocument.block("### The digest", "json").dropLast()
        let assign =
            #"{"fence":"\#(fence)","instance":"\#(try value("instance"))","digest":"\#(try value("digest"))","work":\#(work)}"#
        let envelope = try Envelope.decode(
            headers: Samples.envelope("assign", seed: 0).headers, value: Array(assign.utf8)
        ).get()
        // What is hashed is what is sent, byte for byte.
        #expect(String(decoding: envelope.value, as: UTF8.self) == assign)
    }

    @Test func aDigestIsOfAllThatIsAssigned() {
        var work = StageWork()
        work.run = "hello-1"
        work.stage = "build"
        work.title = "build"
        work.kind = "shell"
        let fence = Fence(run: "u", stage: "build", attempt: 1)
        let digest = Assignment(fence: fence, instance: "i", work: work).digest
        #expect(digest == Assignment(fence: fence, instance: "i", work: work).digest)
        var other = work
        other.script = "true"
        let others = [
            Assignment(fence: fence, instance: "i", work: other),
            Assignment(fence: fence, instance: "j", work: work),
            Assignment(fence: Fence(run: "u", stage: "build", attempt: 2), instance: "i", work: work),
            // The parts are told apart.
            Assignment(fence: Fence(run: "u", stage: "build", attempt: 11), instance: "", work: work),
        ].map(\.digest)
        #expect(Set(others + [digest]).count == 5)
        #expect(others.allSatisfy { $0.utf8.count == 32 && $0.allSatisfy { "0123456789abcdef".contains($0) } })
    }

    @Test func theSignatureIsThatOfThePage() throws {
        let rows = try ProtocolDocument.rows("## Signatures")
        func value(_ name: String) throws -> [UInt8] {
            Array(try #require(rows.first { $0.first == name }?.last, "\(name)").utf8)
        }
        let content = SignedContent(
            type: try value("ce_type"), id: try value("ce_id"), source: try value("ce_source"),
            installation: try value("ce_installation"), time: try value("ce_time"), value: try value("value"))
        let keys = try VerifyingKey.all(pem: try ProtocolDocument.block("## Signatures", ""))
        let refusal = MessageVerifier(keys: keys).refusal(
            of: content, signature: try value("ce_signature"), keyID: try value("ce_signaturekey"))
        #expect(refusal == nil)
        // The page says what the code says.
        let fields = try ProtocolDocument.section("## Signatures").filter { $0.first?.isNumber == true }
        #expect(fields.count == 7)
        #expect(fields.first?.contains("`\(SignedContent.domain)`") == true)
    }

    @Test func inboxesAreThoseOfThePage() throws {
        let rows = try ProtocolDocument.rows("### The inbox").dropFirst()
        #expect(rows.count >= 3)
        for row in rows {
            try #require(row.count == 5)
            let hash = stableHash(row[0])
            #expect(row[1] == "0x" + String(hash, radix: 16), "\(row[0])")
            for (place, count) in [(2, 4), (3, 8), (4, 32)] as [(Int, UInt64)] {
                #expect(row[place] == "\(hash % count)", "\(row[0]) of \(count)")
            }
        }
    }
}
