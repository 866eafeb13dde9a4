/// Why a text is no key for signing or checking, in words for whoever has to name another one.
package enum KeyError: Error, Equatable, Sendable, CustomStringConvertible {
    /// There is no PEM block in it.
    case noKey
    case damaged(String)
    /// A key, but for another purpose: with its name (`RSA`, `an elliptic curve`, …).
    case otherAlgorithm(String)
    case isPrivate
    case isPublic
    case isEncrypted
    /// A format that isn't PKCS#8 or SubjectPublicKeyInfo.
    case otherFormat(String)
    case several

    package var description: String {
        switch self {
        case .noKey: "holds no key in PEM form (`-----BEGIN …`); `martlet keys generate` makes a pair"
        case .damaged(let what): "is damaged: \(what)"
        case .otherAlgorithm(let name):
            "holds a key for \(name), but messages are signed with Ed25519; `martlet keys generate` makes a pair"
        case .isPrivate:
            "holds a private key, but here belongs the public one, which `martlet keys show` prints; "
                + "keep private keys away from agents"
        case .isPublic: "holds a public key, but signing needs the private one of the pair"
        case .isEncrypted: "holds an encrypted key, and nobody is there to type its passphrase; store it unencrypted"
        case .otherFormat(let label):
            "holds a `\(label)`, but a key must be PKCS#8 (`PRIVATE KEY`) or SubjectPublicKeyInfo (`PUBLIC KEY`)"
        case .several: "holds more than one key; signing needs exactly one"
        }
    }
}
