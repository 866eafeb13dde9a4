/// A text that is to be hidden.
struct SecretPattern: Hashable, Sendable {
    /// A line break counts from the fourth byte on, so that the end of a line that merely looks like the beginning needn't
    /// wait for the next line.
    static let bytesBeforeBreak = 4

    enum Match: Equatable {
        case none
        /// The bytes end where it may go on.
        case partial
        /// It stands there, with so many bytes, line breaks included.
        case whole(Int)
    }

    let bytes: [UInt8]
    /// Whether it is hidden also where it is broken into lines, as programs do with base64.
    var breaks = false

    /// Whether it stands in a text, whose byte there is its first.
    func match(_ text: [UInt8], at start: Int) -> Match {
        var count = 1
        var place = start + 1
        var isAtBreak = false
        while count < bytes.count {
            guard place < text.count else { return .partial }
            if text[place] == bytes[count] {
                place += 1
                count += 1
                isAtBreak = false
                continue
            }
            // One break at a time: an endless row of them must not be held back for ever.
            guard breaks, !isAtBreak, count >= Self.bytesBeforeBreak else { return .none }
            if text[place] == UInt8(ascii: "\r") {
                place += 1
                guard place < text.count else { return .partial }
            }
            guard text[place] == UInt8(ascii: "\n") else { return .none }
            place += 1
            isAtBreak = true
        }
        return .whole(place - start)
    }
}
