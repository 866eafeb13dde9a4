internal import Model

/// Names and ids that nobody else has, from the system's random numbers.
enum RandomName {
    private static let alphabet = Array("abcdefghijklmnopqrstuvwxyz234567".utf8)

    /// Letters and digits of base 32, which may stand anywhere in a DNS name.
    static func suffix(_ length: Int) -> String {
        var random = SystemRandomNumberGenerator()
        let bytes = (0..<length).map { _ in alphabet[Int.random(in: 0..<32, using: &random)] }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// A version 7 UUID (RFC 9562) in lower case: the time, then 74 random bits. Those that are made one after the other
    /// stand beside each other in an index.
    static func uuid(at time: Timestamp) -> String {
        var random = SystemRandomNumberGenerator()
        let milliseconds = UInt64(clamping: time.microseconds / 1000)
        let high = milliseconds << 16 | 0x7000 | random.next() & 0x0FFF
        let low = random.next() & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
        let digits = hex(high) + hex(low)
        var text: [UInt8] = []
        text.reserveCapacity(36)
        for (place, digit) in digits.enumerated() {
            if place == 8 || place == 12 || place == 16 || place == 20 { text.append(UInt8(ascii: "-")) }
            text.append(digit)
        }
        return String(decoding: text, as: UTF8.self)
    }

    private static func hex(_ number: UInt64) -> [UInt8] {
        let text = String(number, radix: 16)
        return Array(String(repeating: "0", count: 16 - text.utf8.count).utf8) + Array(text.utf8)
    }

    /// `<base>-<five random letters>`, with the base cut so that the whole is a Kubernetes name.
    static func following(_ base: String) -> String {
        var head = String(base.prefix(247))
        while let last = head.last, last == "-" || last == "." { head.removeLast() }
        return "\(head)-\(suffix(5))"
    }
}
