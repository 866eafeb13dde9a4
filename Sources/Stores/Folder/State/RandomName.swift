/// Names and ids that nobody else has, from the system's random numbers.
enum RandomName {
    private static let alphabet = Array("abcdefghijklmnopqrstuvwxyz234567".utf8)

    /// Letters and digits of base 32, which may stand anywhere in a DNS name.
    static func suffix(_ length: Int) -> String {
        var random = SystemRandomNumberGenerator()
        let bytes = (0..<length).map { _ in alphabet[Int.random(in: 0..<32, using: &random)] }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// A version 4 UUID in lower case.
    static func uuid() -> String {
        var random = SystemRandomNumberGenerator()
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        text.reserveCapacity(36)
        for place in 0..<16 {
            var byte = UInt8.random(in: 0...255, using: &random)
            if place == 6 { byte = byte & 0x0F | 0x40 }
            if place == 8 { byte = byte & 0x3F | 0x80 }
            if place == 4 || place == 6 || place == 8 || place == 10 { text.append(UInt8(ascii: "-")) }
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// `<base>-<five random letters>`, with the base cut so that the whole is a Kubernetes name.
    static func following(_ base: String) -> String {
        var head = String(base.prefix(247))
        while let last = head.last, last == "-" || last == "." { head.removeLast() }
        return "\(head)-\(suffix(5))"
    }
}
