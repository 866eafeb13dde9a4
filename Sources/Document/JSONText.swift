/// The byte patterns that JSON strings turn on, shared by the writer and the parser.
enum JSONText {
    private static let ones: UInt64 = 0x0101_0101_0101_0101
    private static let highBits: UInt64 = 0x8080_8080_8080_8080

    /// The first position at or after `start` that holds a quotation mark, a backslash or a control character
    /// (those and no others end a run of bytes that stands for itself in a JSON string), or `end`.
    ///
    /// Looks at eight bytes at a time: in each word, `x - 1 & ~x & 0x80` marks the bytes that are zero. A borrow can
    /// mark a byte falsely, but only above one that is marked rightly, and the lowest mark is the one that is used.
    static func endOfPlainRun(in bytes: UnsafeBufferPointer<UInt8>, from start: Int, to end: Int) -> Int {
        var position = start
        let raw = UnsafeRawBufferPointer(bytes)
        while end - position >= 8 {
            // In bounds: eight bytes remain before `end`.
            let word = UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: position, as: UInt64.self))
            let quotes = word ^ (ones &* 0x22)
            let slashes = word ^ (ones &* 0x5C)
            let found =
                ((word &- ones &* 0x20) & ~word | (quotes &- ones) & ~quotes | (slashes &- ones) & ~slashes) & highBits
            if found != 0 { return position + found.trailingZeroBitCount / 8 }
            position += 8
        }
        while position < end {
            let byte = bytes[position]
            if byte < 0x20 || byte == 0x22 || byte == 0x5C { return position }
            position += 1
        }
        return end
    }
}
