internal import Crypto

/// What `X-Hub-Signature-256` holds: `sha256=` and the HMAC-SHA256 of the body as it was sent, in hexadecimal.
struct WebhookSignature: Equatable, Sendable {
    private let code: [UInt8]

    /// Nil for a text that is no such signature.
    init?(_ header: String) {
        let bytes = Array(header.utf8)
        let prefix = Array("sha256=".utf8)
        guard bytes.starts(with: prefix), let code = Hexadecimal.decoded(bytes[prefix.count...]), code.count == 32
        else { return nil }
        self.code = code
    }

    /// Whether one of the secrets made it. Each is tried in any case, and compared in constant time, so that the time
    /// taken tells nothing.
    func isValid(for body: UnsafeRawBufferPointer, _ secrets: WebhookSecrets) -> Bool {
        var isValid = false
        for secret in secrets.all {
            let matches = HMAC<SHA256>.isValidAuthenticationCode(
                code, authenticating: body, using: SymmetricKey(data: secret))
            isValid = matches || isValid
        }
        return isValid
    }
}

enum Hexadecimal {
    static func decoded(_ digits: some Collection<UInt8>) -> [UInt8]? {
        guard digits.count.isMultiple(of: 2) else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(digits.count / 2)
        var high: UInt8?
        for digit in digits {
            guard let value = value(of: digit) else { return nil }
            if let first = high {
                bytes.append(first << 4 | value)
                high = nil
            } else {
                high = value
            }
        }
        return bytes
    }

    static func value(of digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
