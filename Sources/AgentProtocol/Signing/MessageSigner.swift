internal import Crypto
internal import Document

/// Signs what a controller tells its agents: with its key, or, for agents in its own process, with a secret of that.
package struct MessageSigner: Sendable {
    private enum Means: Sendable {
        case key(SigningKey)
        case process(ProcessSecret)
    }

    private let means: Means
    private let keyID: String

    package init(_ key: SigningKey) {
        means = .key(key)
        keyID = key.publicKey.id
    }

    package init(_ secret: ProcessSecret) {
        means = .process(secret)
        keyID = ProcessSecret.keyID
    }

    package func sign(_ content: SignedContent) -> MessageSignature? {
        let bytes: [UInt8]? =
            switch means {
            case .key(let key): key.signature(of: content.bytes)
            case .process(let secret): secret.code(of: content.bytes)
            }
        return bytes.map { MessageSignature(keyID: keyID, bytes: $0) }
    }
}

/// Knows the controllers that an agent obeys.
package struct MessageVerifier: Sendable {
    private let keys: [VerifyingKey]
    private let secret: ProcessSecret?

    /// - Parameter keys: any of which may have signed; more than one while keys are changed.
    package init(keys: [VerifyingKey]) {
        self.keys = keys
        secret = nil
    }

    /// For agents in the controller's own process.
    package init(_ secret: ProcessSecret) {
        keys = []
        self.secret = secret
    }

    /// Checks a message's content against the headers that it came with. Nil where it is rightly signed.
    package func refusal(of content: SignedContent, signature: [UInt8]?, keyID: [UInt8]?) -> SignatureError? {
        guard let signature, let keyID else { return .unsigned }
        let id = String(decoding: keyID, as: UTF8.self)
        guard let bytes = Base64.decoded(signature) else { return .wrong }
        if id == ProcessSecret.keyID {
            // To anybody outside of that process this is as good as none.
            guard let secret else { return .unsigned }
            return secret.accepts(bytes, of: content.bytes) ? nil : .wrong
        }
        guard let key = keys.first(where: { $0.id == id }) else { return .unknownKey(id) }
        return key.accepts(bytes, of: content.bytes) ? nil : .wrong
    }
}

/// A random secret that a controller shares with the agents in its own process and with nobody else.
///
/// It takes the place of a pair of keys there (HMAC-SHA256, a hundredth of the time of a signature), so that whoever else
/// can write to the topics can't give these agents work, and nobody has to set up anything for it.
package struct ProcessSecret: Sendable {
    /// What stands for a key's id, of which it can't be one.
    package static let keyID = "process"

    private let key = SymmetricKey(size: .bits256)

    package init() {}

    func code(of content: [UInt8]) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: content, using: key))
    }

    func accepts(_ code: [UInt8], of content: [UInt8]) -> Bool {
        HMAC<SHA256>.isValidAuthenticationCode(code, authenticating: content, using: key)
    }
}
