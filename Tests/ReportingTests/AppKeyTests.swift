import Crypto
import CryptoExtras
import Document
import HTTPClient
import Model
import ReportingSupport
import Testing

@testable import Reporting

@Suite struct AppKeyTests {
    @Test func `a token says who and for how long, and its signature holds`() throws {
        let key = try #require(AppKey(pem: Secret(SampleKey.pem)))
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
