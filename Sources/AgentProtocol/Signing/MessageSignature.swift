internal import Document

/// What a message carries to prove who sent it.
package struct MessageSignature: Equatable, Sendable {
    package static let signatureHeader = "ce_signature"
    package static let keyHeader = "ce_signaturekey"

    package let keyID: String
    package let bytes: [UInt8]

    init(keyID: String, bytes: [UInt8]) {
        self.keyID = keyID
        self.bytes = bytes
    }

    /// The values of the two headers, in base64 and as text.
    package var headers: [Envelope.Header] {
        [
            Envelope.Header(Self.signatureHeader, Base64.encoded(bytes)),
            Envelope.Header(Self.keyHeader, Array(keyID.utf8)),
        ]
    }
}

/// Why a message is taken for somebody else's.
package enum SignatureError: Error, Equatable, Sendable, CustomStringConvertible {
    case unsigned
    /// Signed with a key that isn't one of the known ones; with its id, as it says.
    case unknownKey(String)
    case wrong

    package var description: String {
        switch self {
        case .unsigned: "it isn't signed (the controller needs its --signing-key)"
        case .unknownKey(let id): "it is signed with the key `\(id.prefix(64))`, which isn't one of this agent's"
        case .wrong: "its signature isn't that of its content"
        }
    }
}
