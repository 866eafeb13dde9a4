import Execution
import Testing

@Suite struct LineSplitterTests {
    struct Case: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var bytes: [UInt8]
        var lines: [String]

        init(_ name: String, _ text: String, _ lines: [String]) {
            self.init(name, Array(text.utf8), lines)
        }

        init(_ name: String, _ bytes: [UInt8], _ lines: [String]) {
            (testDescription, self.bytes, self.lines) = (name, bytes, lines)
        }
    }

    @Test(arguments: [
        Case("lines end with LF", "a\nb\n", ["a", "b"]),
        Case("the last line needs no end", "a\nb", ["a", "b"]),
        Case("CRLF is an end too", "a\r\nb\r\n", ["a", "b"]),
        Case("empty lines count", "a\n\n\nb", ["a", "", "", "b"]),
        Case("of a progress bar the last state is kept", "10%\r50%\r100%\ndone\n", ["100%", "done"]),
        Case("a bar that ends with CR and LF", "10%\r100%\r\n", ["100%"]),
        Case("a CR at the very end keeps the text", "working\r", ["working"]),
        Case("what is no UTF-8 is repaired", [0x61, 0xFF, 0x62, 0x0A], ["a\u{FFFD}b"]),
        Case("nothing is no line", "", []),
        Case("a long line is cut", "0123456789abcdefXY\n", ["0123456789abcdef>", "XY"]),
        Case("a line of exactly the limit is not", "0123456789abcdef\nx", ["0123456789abcdef", "x"]),
        Case("a cut leaves characters whole", "0123456789abcdé\nx", ["0123456789abcdé", "x"]),
        Case("a character across the cut moves on", "0123456789abcdeé\n", ["0123456789abcde>", "é"]),
        Case("an emoji too", "0123456789abcd🪶!\n", ["0123456789abcd>", "🪶!"]),
    ])
    func bytesBecomeLines(_ example: Case) {
        for size in 1...max(1, example.bytes.count) {
            var splitter = LineSplitter(limit: 16)
            var lines: [OutputLine] = []
            for start in stride(from: 0, to: example.bytes.count, by: size) {
                splitter.append(Array(example.bytes[start..<min(start + size, example.bytes.count)]), to: &lines)
            }
            splitter.finish(&lines)
            #expect(lines.map { $0.text + ($0.continues ? ">" : "") } == example.lines, "in pieces of \(size)")
        }
    }
}
