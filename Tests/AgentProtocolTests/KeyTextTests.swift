import Testing

@testable import AgentProtocol

@Suite struct KeyTextTests {
    @Test func `keys are read as OpenSSL writes them, and written alike`() throws {
        let key = try SigningKey(pem: SampleKeys.ed25519Private)
        #expect(key.pem == SampleKeys.ed25519Private)
        #expect(key.publicKey.pem == SampleKeys.ed25519Public)
        #expect(try VerifyingKey.all(pem: SampleKeys.ed25519Public) == [key.publicKey])
        #expect(key.publicKey.id == "560ae8686eb11db6", "from OpenSSL and sha256sum")
    }

    @Test func `a new key is another one each time, and survives being written down`() throws {
        let (one, two) = (SigningKey(), SigningKey())
        #expect(one.publicKey.id != two.publicKey.id)
        #expect(try SigningKey(pem: one.pem).publicKey == one.publicKey)
        #expect(try VerifyingKey.all(pem: one.publicKey.pem + two.publicKey.pem) == [one.publicKey, two.publicKey])
    }

    @Test func `text around a key and the line ends of Windows do no harm`() throws {
        let text = "# key id 1\n\nsubject=x\n" + SampleKeys.ed25519Public.replacing("\n", with: "\r\n") + "trailer"
        #expect(try VerifyingKey.all(pem: text).count == 1)
    }

    @Test func `a private key with its public one behind it is read too`() throws {
        let raw = try KeyText.privateKey(in: SampleKeys.ed25519Private)
        // OneAsymmetricKey of RFC 5958: version 1, and a field [1].
        let content: [UInt8] =
            [0x30, 0x51, 2, 1, 1, 0x30, 5, 6, 3, 0x2B, 0x65, 0x70, 4, 0x22, 4, 0x20] + raw + [0x81, 0x21, 0]
            + [UInt8](repeating: 7, count: 32)
        #expect(try KeyText.privateKey(in: PEM(label: "PRIVATE KEY", content: content).text) == raw)
    }

    struct Bad: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let text: String
        let asPrivate: KeyError
        let asPublic: KeyError
    }

    private static let ecdsa = KeyError.otherAlgorithm("ECDSA (an elliptic curve of NIST's or another)")
    private static let agreement = KeyError.otherAlgorithm("X25519 (key agreement)")

    static let bad: [Bad] = [
        Bad(testDescription: "nothing", text: "", asPrivate: .noKey, asPublic: .noKey),
        Bad(testDescription: "something else", text: "hello", asPrivate: .noKey, asPublic: .noKey),
        Bad(
            testDescription: "a public key", text: SampleKeys.ed25519Public + SampleKeys.ed25519Public,
            asPrivate: .isPublic, asPublic: .several),
        Bad(
            testDescription: "two private keys", text: SampleKeys.ed25519Private + SampleKeys.ed25519Private,
            asPrivate: .several, asPublic: .isPrivate),
        Bad(
            testDescription: "a key for key agreement", text: SampleKeys.x25519Private, asPrivate: agreement,
            asPublic: .isPrivate),
        Bad(
            testDescription: "its public half", text: SampleKeys.x25519Public, asPrivate: .isPublic,
            asPublic: agreement),
        Bad(testDescription: "an EC key", text: SampleKeys.ecPrivate, asPrivate: ecdsa, asPublic: .isPrivate),
        Bad(testDescription: "an EC key of old", text: SampleKeys.ecTraditional, asPrivate: ecdsa, asPublic: ecdsa),
        Bad(testDescription: "a public EC key", text: SampleKeys.ecPublic, asPrivate: .isPublic, asPublic: ecdsa),
        Bad(
            testDescription: "an RSA key", text: SampleKeys.rsaPublic, asPrivate: .isPublic,
            asPublic: .otherAlgorithm("RSA")),
        Bad(
            testDescription: "an encrypted key", text: SampleKeys.encrypted, asPrivate: .isEncrypted,
            asPublic: .isPrivate),
        Bad(
            testDescription: "ssh's format", text: SampleKeys.openSSH,
            asPrivate: .otherFormat("OPENSSH PRIVATE KEY"), asPublic: .isPrivate),
        Bad(
            testDescription: "a certificate", text: PEM(label: "CERTIFICATE", content: [1]).text,
            asPrivate: .otherFormat("CERTIFICATE"), asPublic: .otherFormat("CERTIFICATE")),
        Bad(
            testDescription: "no end", text: "-----BEGIN PUBLIC KEY-----\nMCow\n",
            asPrivate: .damaged("END PUBLIC KEY is missing"), asPublic: .damaged("END PUBLIC KEY is missing")),
        Bad(
            testDescription: "no base64", text: "-----BEGIN PUBLIC KEY-----\nM!!w\n-----END PUBLIC KEY-----\n",
            asPrivate: .damaged("what is between BEGIN and END PUBLIC KEY is no base64"),
            asPublic: .damaged("what is between BEGIN and END PUBLIC KEY is no base64")),
        Bad(
            testDescription: "a short key",
            text: PEM(
                label: "PUBLIC KEY", content: [0x30, 12, 0x30, 5, 6, 3, 0x2B, 0x65, 0x70, 3, 3, 0, 1, 2]
            ).text, asPrivate: .isPublic, asPublic: .damaged("its key isn't 32 bytes long")),
        Bad(
            testDescription: "a length that leads beyond the end",
            text: PEM(label: "PUBLIC KEY", content: [0x30, 0x84, 0xFF, 0xFF, 0xFF, 0xFF, 1]).text,
            asPrivate: .isPublic, asPublic: .damaged("it is no SubjectPublicKeyInfo")),
    ]

    @Test(arguments: bad) func `what is no key for it says why`(_ example: Bad) throws {
        #expect(throws: example.asPrivate) { try SigningKey(pem: example.text) }
        if example.asPublic == .several {
            #expect(try VerifyingKey.all(pem: example.text).count == 2, "which is fine for checking")
        } else {
            #expect(throws: example.asPublic) { try VerifyingKey.all(pem: example.text) }
        }
    }
}
