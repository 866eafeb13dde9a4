/// Turns ever larger offsets into lines and columns, looking at each byte once.
package struct PlaceCounter {
    private var offset = 0
    private var mark = Mark(line: 1, column: 1)

    package init() {}

    package mutating func advance(to end: Int, in bytes: UnsafeBufferPointer<UInt8>) -> Mark {
        while offset < end {
            let byte = bytes[offset]
            let isLoneReturn = byte == 0x0D && !(offset + 1 < bytes.count && bytes[offset + 1] == 0x0A)
            if byte == 0x0A || isLoneReturn {
                mark.line += 1
                mark.column = 1
            } else if byte & 0xC0 != 0x80 {
                // Bytes that continue a character don't count.
                mark.column += 1
            }
            offset += 1
        }
        return mark
    }
}
