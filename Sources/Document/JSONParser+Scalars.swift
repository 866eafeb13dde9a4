extension JSONParser {
    // MARK: Strings

    /// Reads a string from its opening quotation mark to past its closing one.
    mutating func string() throws(JSONError) -> String {
        let open = position
        let start = open + 1
        var end = start
        var hasEscapes = false
        scan: while true {
            end = JSONText.endOfPlainRun(in: bytes, from: end, to: bytes.count)
            guard end < bytes.count else { throw error("the string that begins here has no end", at: open) }
            switch bytes[end] {
            case UInt8(ascii: "\""): break scan
            case UInt8(ascii: "\\"):
                // What is escaped can't end the string; whether it is sound is for `unescaped` to say.
                hasEscapes = true
                end = min(end + 2, bytes.count)
            default:
                throw error(
                    "a control character in a string must be written as an escape such as \\n or \\u0009", at: end)
            }
        }
        position = end + 1
        // In bounds: the scan stopped at a byte between `start` and the end.
        let raw = UnsafeBufferPointer(rebasing: bytes[start..<end])
        guard hasEscapes else { return try text(raw, from: start) }
        // Escapes are ASCII, so what is valid before they are replaced is so afterwards.
        _ = try text(raw, from: start)
        return try unescaped(start..<end)
    }

    private func text(_ raw: UnsafeBufferPointer<UInt8>, from start: Int) throws(JSONError) -> String {
        if let text = String(validating: raw, as: UTF8.self) { return text }
        var offset = start
        do {
            _ = try UTF8Span(validating: raw.span)
        } catch {
            offset += error.byteOffsets.lowerBound
        }
        throw error("this is not valid UTF-8", at: offset)
    }

    private func unescaped(_ range: Range<Int>) throws(JSONError) -> String {
        var output: [UInt8] = []
        output.reserveCapacity(range.count)
        var at = range.lowerBound
        while at < range.upperBound {
            guard bytes[at] == UInt8(ascii: "\\") else {
                let end = JSONText.endOfPlainRun(in: bytes, from: at, to: range.upperBound)
                output.append(contentsOf: bytes[at..<end])
                at = end
                continue
            }
            // A backslash is never the last byte of the range: the scan has stepped over what follows it.
            switch bytes[at + 1] {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): output.append(bytes[at + 1])
            case UInt8(ascii: "b"): output.append(0x08)
            case UInt8(ascii: "f"): output.append(0x0C)
            case UInt8(ascii: "n"): output.append(0x0A)
            case UInt8(ascii: "r"): output.append(0x0D)
            case UInt8(ascii: "t"): output.append(0x09)
            case UInt8(ascii: "u"):
                let (scalar, length) = try unicodeEscape(at: at, end: range.upperBound)
                output.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
                at += length
                continue
            default:
                throw error(
                    "there is no such escape: a backslash may be followed by one of \" \\ / b f n r t u", at: at)
            }
            at += 2
        }
        return String(decoding: output, as: UTF8.self)
    }

    /// The character that one `\uXXXX`, or a pair of them, stands for, and how many bytes that took.
    private func unicodeEscape(at start: Int, end: Int) throws(JSONError) -> (Unicode.Scalar, length: Int) {
        let first = try hexadecimal(at: start, end: end)
        if let scalar = Unicode.Scalar(first) { return (scalar, 6) }
        let next = start + 6
        let isPair =
            first < 0xDC00 && end - next >= 2
            && bytes[next] == UInt8(ascii: "\\") && bytes[next + 1] == UInt8(ascii: "u")
        if isPair {
            let second = try hexadecimal(at: next, end: end)
            let joined = 0x10000 + ((first & 0x3FF) << 10) + (second & 0x3FF)
            if second & 0xFC00 == 0xDC00, let scalar = Unicode.Scalar(joined) { return (scalar, 12) }
        }
        throw error("this is half of a surrogate pair, which stands for no character", at: start)
    }

    private func hexadecimal(at start: Int, end: Int) throws(JSONError) -> UInt32 {
        var number: UInt32 = 0
        for offset in start + 2..<start + 6 {
            let digit: UInt8? =
                switch offset < end ? bytes[offset] : 0 {
                case let byte where UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte: byte - UInt8(ascii: "0")
                case let byte where UInt8(ascii: "a")...UInt8(ascii: "f") ~= byte: byte - UInt8(ascii: "a") + 10
                case let byte where UInt8(ascii: "A")...UInt8(ascii: "F") ~= byte: byte - UInt8(ascii: "A") + 10
                default: nil
                }
            guard let digit else { throw error("\\u must be followed by four hexadecimal digits", at: start) }
            number = number << 4 | UInt32(digit)
        }
        return number
    }

    // MARK: Numbers

    mutating func number() throws(JSONError) -> Node.Value {
        let start = position
        let isNegative = bytes[start] == UInt8(ascii: "-")
        if isNegative { position += 1 }
        let firstDigit = position
        try digits("a digit should come after the minus sign")
        if bytes[firstDigit] == UInt8(ascii: "0"), position > firstDigit + 1 {
            throw error("a number may not begin with a zero that is followed by digits", at: start)
        }
        var isPlain = true
        if has(UInt8(ascii: ".")) {
            isPlain = false
            position += 1
            try digits("a digit should come after the decimal point")
        }
        if has(UInt8(ascii: "e")) || has(UInt8(ascii: "E")) {
            isPlain = false
            position += 1
            if has(UInt8(ascii: "+")) || has(UInt8(ascii: "-")) { position += 1 }
            try digits("a digit should come after the exponent's sign")
        }
        if isPlain, let whole = whole(firstDigit..<position, isNegative: isNegative) { return .int(whole) }
        guard let number = Double(String(decoding: bytes[start..<position], as: UTF8.self)), number.isFinite else {
            throw error("this number is too large", at: start)
        }
        return Node.Value(number: number)
    }

    private func whole(_ range: Range<Int>, isNegative: Bool) -> Int64? {
        // Built downwards, since there is one more negative number than there are positive ones.
        var number: Int64 = 0
        for offset in range {
            let (tens, overflow) = number.multipliedReportingOverflow(by: 10)
            let (next, overflowAgain) = tens.subtractingReportingOverflow(Int64(bytes[offset] - UInt8(ascii: "0")))
            if overflow || overflowAgain { return nil }
            number = next
        }
        if isNegative { return number }
        return number == .min ? nil : -number
    }

    private func has(_ byte: UInt8) -> Bool {
        position < bytes.count && bytes[position] == byte
    }

    private mutating func digits(_ otherwise: String) throws(JSONError) {
        let start = position
        while position < bytes.count, UInt8(ascii: "0")...UInt8(ascii: "9") ~= bytes[position] { position += 1 }
        if position == start { throw error(otherwise) }
    }
}
