internal import Crypto
internal import CryptoExtras
internal import Document
package import HTTPClient
package import Model

/// A GitHub App's private key, with which it says who it is.
package struct AppKey: Sendable {
    private let key: _RSA.Signing.PrivateKey

    /// - Parameter pem: PKCS#1 (`RSA PRIVATE KEY`), as GitHub gives it, or PKCS#8 (`PRIVATE KEY`).
    package init?(pem: Secret) {
        guard let key = try? _RSA.Signing.PrivateKey(pemRepresentation: pem.text) else { return nil }
        self.key = key
    }

    /// A token for the App itself (a JSON web token under RS256, RFC 7519), good for nine minutes.
    ///
    /// It is dated a minute back, since GitHub refuses what seems to come from the future, and no token may live longer
    /// than ten minutes.
    package func token(app id: String, at now: Timestamp) -> Secret? {
        let seconds = now.microseconds / 1_000_000
        var header = JSONWriter()
        header.beginObject()
        header.member("alg", "RS256")
        header.member("typ", "JWT")
        header.endObject()
        var claims = JSONWriter()
        claims.beginObject()
        claims.member("iat", seconds - 60)
        claims.member("exp", seconds + 480)
        claims.member("iss", id)
        claims.endObject()
        let content = "\(Self.base64URL(header.bytes)).\(Self.base64URL(claims.bytes))"
        let digest = SHA256.hash(data: Array(content.utf8))
        guard let signature = try? key.signature(for: digest, padding: .insecurePKCS1v1_5) else { return nil }
        return Secret("\(content).\(Self.base64URL(Array(signature.rawRepresentation)))")
    }

    /// RFC 4648, section 5, without padding.
    static func base64URL(_ bytes: [UInt8]) -> String {
        let text = Base64.encoded(bytes).compactMap { byte -> UInt8? in
            switch byte {
            case UInt8(ascii: "+"): UInt8(ascii: "-")
            case UInt8(ascii: "/"): UInt8(ascii: "_")
            case UInt8(ascii: "="): nil
            default: byte
            }
        }
        return String(decoding: text, as: UTF8.self)
    }
}
