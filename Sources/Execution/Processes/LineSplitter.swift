internal import Glibc

/// One line of a program's output.
package struct OutputLine: Equatable, Sendable {
    package var stream: OutputChunk.Stream
    /// Valid UTF-8 without the line's end; what was no UTF-8 is shown as U+FFFD.
    package var text: String
    /// Whether the line was too long and goes on in the next one.
    package var continues: Bool

    package init(stream: OutputChunk.Stream = .standardOutput, text: String, continues: Bool = false) {
        self.stream = stream
        self.text = text
        self.continues = continues
    }
}

/// Makes lines of bytes that come in arbitrary pieces, with bounded memory.
///
/// Lines end with LF or CRLF. A lone CR starts the line over, as it does on a terminal: of a progress bar only the last
/// state is kept. A line longer than the limit is cut, at the border of a character.
package struct LineSplitter: Sendable {
    package static let defaultLimit = 16 << 10

    private let stream: OutputChunk.Stream
    private let limit: Int
    private var line: [UInt8] = []
    /// Whether the last byte was a CR, which counts only once the next byte is known.
    private var endsWithReturn = false
    /// Whether the line began in an `OutputLine` that has been cut.
    private var isContinuation = false

    package init(stream: OutputChunk.Stream = .standardOutput, limit: Int = defaultLimit) {
        self.stream = stream
        // A cut must leave room for at least one character.
        self.limit = max(limit, 8)
    }

    package mutating func append(_ bytes: [UInt8], to lines: inout [OutputLine]) {
        var start = 0
        var newline = -1
        while start < bytes.count {
            let byte = bytes[start]
            if endsWithReturn && byte != UInt8(ascii: "\n") {
                line.removeAll(keepingCapacity: true)
            }
            endsWithReturn = false
            if byte == UInt8(ascii: "\n") {
                emit(to: &lines, continues: false)
                start += 1
            } else if byte == UInt8(ascii: "\r") {
                endsWithReturn = true
                start += 1
            } else {
                if newline < start { newline = Self.find(UInt8(ascii: "\n"), in: bytes, from: start, to: bytes.count) }
                let end = Self.find(UInt8(ascii: "\r"), in: bytes, from: start, to: newline)
                appendPlain(bytes[start..<end], to: &lines)
                start = end
            }
        }
    }

    private static func find(_ byte: UInt8, in bytes: [UInt8], from start: Int, to end: Int) -> Int {
        bytes.withUnsafeBytes { buffer in
            // In bounds: both are positions of the array, the second not below the first.
            guard let base = buffer.baseAddress, let found = memchr(base + start, Int32(byte), end - start) else {
                return end
            }
            return UnsafeRawPointer(found) - base
        }
    }

    package mutating func finish(_ lines: inout [OutputLine]) {
        if !line.isEmpty { emit(to: &lines, continues: false) }
        isContinuation = false
        endsWithReturn = false
    }

    private mutating func appendPlain(_ bytes: ArraySlice<UInt8>, to lines: inout [OutputLine]) {
        var rest = bytes
        while line.count + rest.count > limit {
            let room = limit - line.count
            line.append(contentsOf: rest.prefix(room))
            rest = rest.dropFirst(room)
            let kept = Self.endOfWholeCharacters(line)
            let cut = Array(line[kept...])
            line.removeSubrange(kept...)
            emit(to: &lines, continues: true)
            line = cut
        }
        line.append(contentsOf: rest)
    }

    private mutating func emit(to lines: inout [OutputLine], continues: Bool) {
        // The end of a line that was cut exactly there is not a line of its own.
        if !(line.isEmpty && isContinuation) {
            lines.append(OutputLine(stream: stream, text: String(decoding: line, as: UTF8.self), continues: continues))
        }
        line.removeAll(keepingCapacity: true)
        isContinuation = continues
    }

    /// Where an unfinished character at the end begins, or the end. Bytes that are no UTF-8 don't move the cut.
    private static func endOfWholeCharacters(_ bytes: [UInt8]) -> Int {
        for back in 1...min(4, bytes.count) {
            let byte = bytes[bytes.count - back]
            if byte & 0xC0 == 0x80 { continue }
            let length = byte < 0x80 ? 1 : byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1
            return length > back && bytes.count > back ? bytes.count - back : bytes.count
        }
        return bytes.count
    }
}
