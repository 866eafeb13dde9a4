/// Reads the few forms of ASN.1's distinguished encoding that keys are made of.
struct DER {
    static let integer: UInt8 = 0x02
    static let bitString: UInt8 = 0x03
    static let octetString: UInt8 = 0x04
    static let objectIdentifier: UInt8 = 0x06
    static let sequence: UInt8 = 0x30

    private var bytes: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
    }

    var isAtEnd: Bool { bytes.isEmpty }

    /// The content of the next element, which must have that tag.
    mutating func next(_ tag: UInt8) -> ArraySlice<UInt8>? {
        guard bytes.first == tag else { return nil }
        var rest = bytes.dropFirst()
        guard let first = rest.popFirst() else { return nil }
        var count = Int(first)
        if first & 0x80 != 0 {
            // Keys are short: two bytes of length are more than enough.
            let digits = Int(first & 0x7F)
            guard (1...2).contains(digits), rest.count >= digits else { return nil }
            count = rest.prefix(digits).reduce(0) { $0 << 8 | Int($1) }
            rest = rest.dropFirst(digits)
        }
        guard rest.count >= count else { return nil }
        defer { bytes = rest.dropFirst(count) }
        return rest.prefix(count)
    }
}
