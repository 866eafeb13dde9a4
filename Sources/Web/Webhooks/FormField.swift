/// One field of `application/x-www-form-urlencoded` content, decoded.
enum FormField {
    /// The first field of that name; nil where there is none, or where its escapes are broken.
    static func value(of name: String, in form: UnsafeRawBufferPointer) -> [UInt8]? {
        let prefix = Array(name.utf8) + [UInt8(ascii: "=")]
        var start = 0
        while start < form.count {
            let end = form[start...].firstIndex(of: UInt8(ascii: "&")) ?? form.count
            if end - start >= prefix.count, form[start..<start + prefix.count].elementsEqual(prefix) {
                return decoded(UnsafeRawBufferPointer(rebasing: form[start + prefix.count..<end]))
            }
            start = end + 1
        }
        return nil
    }

    private static func decoded(_ text: UnsafeRawBufferPointer) -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count)
        var place = 0
        while place < text.count {
            switch text[place] {
            case UInt8(ascii: "+"): bytes.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                guard place + 2 < text.count, let high = Hexadecimal.value(of: text[place + 1]),
                    let low = Hexadecimal.value(of: text[place + 2])
                else { return nil }
                bytes.append(high << 4 | low)
                place += 2
            default: bytes.append(text[place])
            }
            place += 1
        }
        return bytes
    }
}
