import Document

/// A YAML text as bytes: its encoding, and the lines that messages are about.
enum SourceText {
    /// The text in UTF-8, checked. A byte order mark says that it is in UTF-16.
    ///
    /// libyaml reads UTF-16 too, but can't say where it is invalid.
    static func inUTF8(_ bytes: [UInt8]) -> Result<[UInt8], YAMLProblem> {
        switch (bytes.first, bytes.dropFirst().first) {
        case (0xFF, 0xFE): transcoded(bytes, littleEndian: true)
        case (0xFE, 0xFF): transcoded(bytes, littleEndian: false)
        default: checked(bytes)
        }
    }

    private static func checked(_ bytes: [UInt8]) -> Result<[UInt8], YAMLProblem> {
        do {
            _ = try UTF8Span(validating: bytes.span)
            return .success(bytes)
        } catch {
            return .failure(
                YAMLProblem(
                    mark(of: error.byteOffsets.lowerBound, in: bytes), "this is not valid UTF-8",
                    hint: "save the file as UTF-8"))
        }
    }

    private static func transcoded(_ bytes: [UInt8], littleEndian: Bool) -> Result<[UInt8], YAMLProblem> {
        let units = stride(from: 2, to: bytes.count - 1, by: 2).map { offset in
            let (first, second) = (UInt16(bytes[offset]), UInt16(bytes[offset + 1]))
            return littleEndian ? second << 8 | first : first << 8 | second
        }
        var output: [UInt8] = []
        output.reserveCapacity(units.count)
        let failed = transcode(
            units.makeIterator(), from: UTF16.self, to: UTF8.self, stoppingOnError: true, into: { output.append($0) })
        guard !failed, bytes.count.isMultiple(of: 2) else {
            return .failure(
                YAMLProblem(
                    mark(of: output.count, in: output), "this is not valid UTF-16", hint: "save the file as UTF-8"))
        }
        return .success(output)
    }

    /// Where there are more `%TAG` lines than anybody needs: libyaml compares each with all others, so that a text full
    /// of them would keep it busy for minutes.
    static func excessiveDirective(in bytes: UnsafeBufferPointer<UInt8>) -> Mark? {
        let directive = Array("%TAG".utf8)
        var count = 0
        var isLineStart = true
        for (offset, byte) in bytes.enumerated() {
            if isLineStart, byte == directive[0], bytes.dropFirst(offset).starts(with: directive) {
                count += 1
                if count > mostDirectives { return mark(of: offset, in: bytes) }
            }
            switch byte {
            // The last three end the characters U+0085, U+2028 and U+2029, at which YAML 1.1 ends a line too.
            case 0x0A, 0x0D, 0x85, 0xA8, 0xA9: isLineStart = true
            default: isLineStart = false
            }
        }
        return nil
    }

    static let mostDirectives = 100

    static func mark(of offset: Int, in bytes: [UInt8]) -> Mark {
        // The buffer is only read while the closure runs.
        bytes.withUnsafeBufferPointer { mark(of: offset, in: $0) }
    }

    static func mark(of offset: Int, in bytes: UnsafeBufferPointer<UInt8>) -> Mark {
        var places = PlaceCounter()
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) {
            // Nobody sees the byte order mark, and libyaml doesn't count it.
            let rest = UnsafeBufferPointer(rebasing: bytes.dropFirst(3))
            return places.advance(to: min(max(offset - 3, 0), rest.count), in: rest)
        }
        return places.advance(to: min(offset, bytes.count), in: bytes)
    }

    /// A line by its number, without its end.
    static func line(_ number: Int, in bytes: UnsafeBufferPointer<UInt8>) -> Substring {
        var current = 1
        var start = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        var position = start
        while position < bytes.count {
            let byte = bytes[position]
            if byte == 0x0A || byte == 0x0D {
                if current == number { break }
                if byte == 0x0D, position + 1 < bytes.count, bytes[position + 1] == 0x0A { position += 1 }
                current += 1
                start = position + 1
            }
            position += 1
        }
        return current == number ? Substring(decoding: bytes[start..<position], as: UTF8.self) : ""
    }
}
