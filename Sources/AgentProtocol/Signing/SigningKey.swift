internal import Crypto

/// The private half of a pair of Ed25519 keys, with which a controller signs what it tells agents.
package struct SigningKey: Sendable {
    private let key: Curve25519.Signing.PrivateKey

    /// A new random key.
    package init() {
        key = Curve25519.Signing.PrivateKey()
    }

    /// Reads a PKCS#8 key in PEM form, such as `openssl genpkey -algorithm ed25519` writes.
    package init(pem: String) throws(KeyError) {
        let raw = try KeyText.privateKey(in: pem)
        do {
            key = try Curve25519.Signing.PrivateKey(rawRepresentation: raw)
        } catch {
            throw KeyError.damaged("its bytes are no key")
        }
    }

    package var publicKey: VerifyingKey { VerifyingKey(key.publicKey) }

    /// PKCS#8, unencrypted: to be written where only its owner can read it.
    package var pem: String { KeyText.privateKey(Array(key.rawRepresentation)) }

    /// 64 bytes. It can't fail for a key that is one; nil all the same would mean an unsigned message.
    func signature(of content: [UInt8]) -> [UInt8]? {
        (try? key.signature(for: content)).map { Array($0) }
    }
}

/// The public half of a pair of Ed25519 keys, by which agents know their controller.
package struct VerifyingKey: Sendable, Equatable {
    private let key: Curve25519.Signing.PublicKey
    /// The first 16 hexadecimal digits of the SHA-256 of the key's 32 bytes.
    package let id: String

    fileprivate init(_ key: Curve25519.Signing.PublicKey) {
        self.key = key
        var hash = SHA256()
        hash.update(data: Array(key.rawRepresentation))
        id = hash.finalize().prefix(8).map { byte in
            let digits = String(byte, radix: 16)
            return byte < 16 ? "0\(digits)" : digits
        }.joined()
    }

    /// Reads the public keys of a PEM text, of which it must hold at least one.
    package static func all(pem: String) throws(KeyError) -> [VerifyingKey] {
        var keys: [VerifyingKey] = []
        for raw in try KeyText.publicKeys(in: pem) {
            guard let key = try? Curve25519.Signing.PublicKey(rawRepresentation: raw) else {
                throw .damaged("its bytes are no key")
            }
            keys.append(VerifyingKey(key))
        }
        return keys
    }

    /// SubjectPublicKeyInfo.
    package var pem: String { KeyText.publicKey(Array(key.rawRepresentation)) }

    func accepts(_ signature: [UInt8], of content: [UInt8]) -> Bool {
        key.isValidSignature(signature, for: content)
    }

    package static func == (left: Self, right: Self) -> Bool {
        left.key.rawRepresentation == right.key.rawRepresentation
    }
}
