internal import Crypto
package import CryptoExtras
package import Document

/// A key of a GitHub App, made for these tests.
package enum SampleKey {
    package static let key: _RSA.Signing.PrivateKey? = try? _RSA.Signing.PrivateKey(keySize: .bits2048)

    /// As GitHub gives it: PKCS#1.
    package static var pem: String { key?.pemRepresentation ?? "" }

    /// The claims of a token that this key has signed; nil where it hasn't.
    package static func claims(_ token: String) -> Node? {
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
