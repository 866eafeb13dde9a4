import Testing

@testable import Web

@Suite("Signatures")
struct SignatureTests {
    // The example of GitHub's own documentation.
    private static let secret = "It's a Secret to Everybody"
    private static let body = "Hello, World!"
    private static let good = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"

    private func isValid(_ header: String, body: String = Self.body, secrets: String = Self.secret) throws -> Bool {
        let secrets = try WebhookSecrets(text: secrets)
        return Array(body.utf8).withUnsafeBytes { bytes in
            WebhookSignature(header)?.isValid(for: bytes, secrets) ?? false
        }
    }

    @Test func `a signature is that of the body and one of the secrets`() throws {
        #expect(try isValid(Self.good))
        #expect(try isValid(Self.good.uppercased().replacing("SHA256", with: "sha256")))
        #expect(try isValid(Self.good, secrets: "another-secret-altogether\n\(Self.secret)\n"))
        #expect(try isValid(Self.good, secrets: "\(Self.secret)\r\nanother-secret-altogether"))
        #expect(try !isValid(Self.good, secrets: "another-secret-altogether"))
        #expect(try !isValid(Self.good, body: "Hello, World"))
        #expect(try !isValid(Self.good, body: ""))
    }

    @Test(arguments: [
        "", "sha256=", "sha1=757107ea0eb2509fc211221cce984b8a37570b6d", String(good.dropLast()),
        String(good.dropLast(2)), good + "00", String(good.dropFirst(7)), good.replacing("7571", with: "757g"),
        " " + good, "SHA256=" + good.dropFirst(7),
    ])
    func `what isn't the hexadecimal of 32 bytes is no signature`(_ header: String) {
        #expect(WebhookSignature(header) == nil)
    }

    @Test func `each changed digit makes it a wrong one`() throws {
        for place in 7..<Self.good.count {
            var digits = Array(Self.good)
            digits[place] = digits[place] == "0" ? "1" : "0"
            #expect(try !isValid(String(digits)))
        }
    }

    @Test(arguments: [
        ("", "there is no secret in it"), (" \n\n", "there is no secret in it"),
        (
            "one-secret-long-enough\ntwo-secret-long-enough\nthree-secret-long-enough",
            "there are 3 secrets in it, and at most two are taken"
        ),
        (
            "short",
            "a secret is shorter than 16 bytes, which can be guessed: make one with `openssl rand -hex 32`"
        ),
    ])
    func `a file of secrets that won't do says why, and never what is in it`(_ text: String, _ problem: String) {
        #expect(throws: WebhookSecretError(problem: problem)) { try WebhookSecrets(text: text) }
    }

    @Test func `secrets aren't printed`() throws {
        let secrets = try WebhookSecrets(text: "  one-secret-long-enough \n")
        #expect("\(secrets)" == "1 secret")
        #expect(secrets.all == [Array("one-secret-long-enough".utf8)])
    }
}
