/// Writes compact JSON, value by value, without building a tree first.
///
/// It sets the commas itself. That objects and arrays are closed, and that every value of an object has a key, is up
/// to the caller.
package struct JSONWriter: Sendable {
    /// What has been written so far, in UTF-8.
    package private(set) var bytes: [UInt8] = []
    /// Whether the next key or value follows another one.
    private var needsComma = false

    package init(reservingCapacity capacity: Int = 256) {
        bytes.reserveCapacity(capacity)
    }

    package mutating func beginObject() {
        separate()
        bytes.append(UInt8(ascii: "{"))
        needsComma = false
    }

    package mutating func endObject() {
        bytes.append(UInt8(ascii: "}"))
        needsComma = true
    }

    package mutating func beginArray() {
        separate()
        bytes.append(UInt8(ascii: "["))
        needsComma = false
    }

    package mutating func endArray() {
        bytes.append(UInt8(ascii: "]"))
        needsComma = true
    }

    package mutating func key(_ name: StaticString) {
        separate()
        name.withUTF8Buffer { appendQuoted($0) }
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    // A literal would otherwise be taken for a String, its default type.
    @_disfavoredOverload
    package mutating func key(_ name: String) {
        separate()
        appendQuoted(name)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    package mutating func string(_ text: String) {
        separate()
        appendQuoted(text)
        needsComma = true
    }

    // Inlinable, so that callers in other modules don't go through the generic entry.
    @inlinable
    package mutating func int(_ number: some FixedWidthInteger) {
        if let small = Int64(exactly: number) {
            int64(small)
        } else {
            verbatim(String(number))
        }
    }

    package mutating func int64(_ number: Int64) {
        separate()
        var rest = number.magnitude
        if number < 0 { bytes.append(UInt8(ascii: "-")) }
        if rest < 10 {
            bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest))
        } else {
            let first = bytes.count
            while rest != 0 {
                let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
                bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: digit))
                rest = quotient
            }
            bytes[first...].reverse()
        }
        needsComma = true
    }

    /// Writes the shortest digits that read back as the same number, and whole numbers without a fraction.
    ///
    /// Infinities and NaN, which JSON can't say, become `null`, as in JavaScript.
    package mutating func double(_ number: Double) {
        guard number.isFinite else { return null() }
        var digits = number.description
        if digits.hasSuffix(".0") { digits.removeLast(2) }
        verbatim(digits)
    }

    package mutating func bool(_ flag: Bool) {
        verbatim(flag ? "true" : "false")
    }

    package mutating func null() {
        verbatim("null")
    }

    /// Writes a whole tree.
    package mutating func node(_ node: Node) {
        switch node.value {
        case .null: null()
        case .bool(let flag): bool(flag)
        case .int(let number): int64(number)
        case .double(let number): double(number)
        case .string(let text): string(text)
        case .array(let elements):
            beginArray()
            for element in elements { self.node(element) }
            endArray()
        case .object(let members):
            beginObject()
            for member in members {
                key(member.key)
                self.node(member.value)
            }
            endObject()
        }
    }

    /// Writes a value that is JSON already, such as one that another writer has written.
    package mutating func raw(_ json: [UInt8]) {
        separate()
        bytes.append(contentsOf: json)
        needsComma = true
    }

    /// Writes an ASCII token that needs no quotes.
    package mutating func verbatim(_ token: String) {
        separate()
        bytes.append(contentsOf: token.utf8)
        needsComma = true
    }

    private mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
    }

    private mutating func appendQuoted(_ text: String) {
        var text = text
        text.withUTF8 { appendQuoted($0) }
    }

    private mutating func appendQuoted(_ text: UnsafeBufferPointer<UInt8>) {
        bytes.append(UInt8(ascii: "\""))
        var start = 0
        while true {
            let end = JSONText.endOfPlainRun(in: text, from: start, to: text.count)
            // In bounds: the scan returns a position between `start` and `text.count`.
            if end > start { bytes.append(contentsOf: UnsafeBufferPointer(rebasing: text[start..<end])) }
            if end == text.count { break }
            appendEscape(text[end])
            start = end + 1
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func appendEscape(_ byte: UInt8) {
        bytes.append(UInt8(ascii: "\\"))
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes.append(byte)
        case 0x08: bytes.append(UInt8(ascii: "b"))
        case 0x09: bytes.append(UInt8(ascii: "t"))
        case 0x0A: bytes.append(UInt8(ascii: "n"))
        case 0x0C: bytes.append(UInt8(ascii: "f"))
        case 0x0D: bytes.append(UInt8(ascii: "r"))
        default:
            let low = byte & 0xF
            bytes.append(contentsOf: [UInt8(ascii: "u"), UInt8(ascii: "0"), UInt8(ascii: "0")])
            bytes.append(UInt8(ascii: "0") + (byte >> 4))
            bytes.append(low < 10 ? UInt8(ascii: "0") + low : UInt8(ascii: "a") + low - 10)
        }
    }
}
