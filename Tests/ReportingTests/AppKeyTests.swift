import Crypto
import CryptoExtras
import Document
import HTTPClient
import Model
import Testing

@testable import Reporting

/// A key of a GitHub App, made for these tests.
enum SampleKey {
    static let key: _RSA.Signing.PrivateKey? = try? _RSA.Signing.PrivateKey(keySize: .bits2048)

    /// As GitHub gives it: PKCS#1.
    static var pem: Secret { Secret(key?.pemRepresentation ?? "") }

    /// The claims of a token that this key has signed; nil where it hasn't.
    static func claims(_ token: String) -> Node? {
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let key, let signature = decoded(parts[2]), let header = decoded(parts[0]),
            let claims = decoded(parts[1])
        else { return nil }
        let digest = SHA256.hash(data: Array("\(parts[0]).\(parts[1])".utf8))
        let isValid = key.publicKey.isValidSignature(
            _RSA.Signing.RSASignature(rawRepresentation: signature), for: digest, padding: .insecurePKCS1v1_5)
        guard isValid, (try? parseJSON(header))?.json() == #"{"alg":"RS256","typ":"JWT"}"# else { return nil }
        return try? parseJSON(claims)
    }

    private static func decoded(_ text: Substring) -> [UInt8]? {
        var bytes = Array(text.replacing("-", with: "+").replacing("_", with: "/").utf8)
        while bytes.count % 4 != 0 { bytes.append(UInt8(ascii: "=")) }
        return Base64.decoded(bytes)
    }
}

@Suite struct AppKeyTests {
    @Test func `a token says who and for how long, and its signature holds`() throws {
        let key = try #require(AppKey(pem: SampleKey.pem))
        let token = try #require(key.token(app: "123", at: dawn.adding(microseconds: 999_999)))
        let claims = try #require(SampleKey.claims(token.text))
        #expect(claims.json() == #"{"iat":1699999940,"exp":1700000480,"iss":"123"}"#)
        #expect(!token.text.contains("=") && !token.text.contains("+") && !token.text.contains("/"))
        #expect(!"\(token) \(key)".contains(token.text))
    }

    @Test func `both forms of PEM are read, and nothing else`() throws {
        let key = try #require(SampleKey.key)
        #expect(AppKey(pem: Secret(key.pkcs8PEMRepresentation)) != nil)
        #expect(AppKey(pem: Secret(key.publicKey.pemRepresentation)) == nil)
        #expect(AppKey(pem: Secret("")) == nil)
    }

    @Test(arguments: [("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("\u{FF}\u{FE}?>", "w7_Dvj8-")])
    func `base64url is RFC 4648's, without padding`(_ text: String, _ expected: String) {
        #expect(AppKey.base64URL(Array(text.utf8)) == expected)
    }
}
