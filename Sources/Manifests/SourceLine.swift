import Document
import Model

/// A line of a source with a caret below one of its columns.
///
///        12 |     needs: [lnt]
///           |             ^
package struct SourceLine: Equatable, Sendable, CustomStringConvertible {
    private var number: Int
    private var text: String
    /// In characters before the caret.
    private var column: Int

    /// How much of a line is shown.
    private static let width = 100

    /// The line at a mark; nil where the source has none, or is not in UTF-8.
    init?(of bytes: [UInt8], at mark: Mark) {
        guard mark.line > 0, mark.column > 0, let line = Self.line(mark.line, of: bytes),
            let text = String(validating: line, as: UTF8.self)
        else { return nil }
        number = mark.line
        let scalars = Array(text.unicodeScalars)
        let place = min(mark.column - 1, scalars.count)
        // A long line is cut on the left too, so that the place is in sight.
        let start = place < Self.width - 20 ? 0 : place - Self.width / 2
        func shown(_ part: ArraySlice<Unicode.Scalar>) -> String {
            var text = ""
            // A tab is as wide as one character here, or the caret would not stand below its place.
            for scalar in part { text.unicodeScalars.append(scalar == "\t" ? " " : scalar) }
            return text.shown(part.count)
        }
        let before = (start > 0 ? "…" : "") + shown(scalars[start..<place])
        self.text = before + shown(scalars[place..<min(start + Self.width, scalars.count)])
        column = before.unicodeScalars.count
    }

    /// Ends at `\n`, `\r\n` or `\r`, as lines of YAML do.
    private static func line(_ number: Int, of bytes: [UInt8]) -> ArraySlice<UInt8>? {
        var line = 1
        var start = 0
        var place = 0
        while place < bytes.count {
            guard bytes[place] == 0x0A || bytes[place] == 0x0D else {
                place += 1
                continue
            }
            if line == number { return bytes[start..<place] }
            if bytes[place] == 0x0D, place + 1 < bytes.count, bytes[place + 1] == 0x0A { place += 1 }
            place += 1
            line += 1
            start = place
        }
        return line == number && start < bytes.count ? bytes[start...] : nil
    }

    /// The very place of something in a literal block (`|`), whose lines follow the mark as they are.
    static func mark(of within: Problem.Within, inTextAt mark: Mark, of bytes: [UInt8]) -> Mark? {
        func scalars(_ number: Int) -> [Unicode.Scalar]? {
            line(number, of: bytes).flatMap { String(validating: $0, as: UTF8.self) }.map { Array($0.unicodeScalars) }
        }
        guard let opening = scalars(mark.line), opening.indices.contains(mark.column - 1),
            opening[mark.column - 1] == "|", let found = scalars(mark.line + within.line)
        else { return nil }
        let sought = Array(within.text.unicodeScalars)
        let start = found.indices.first { found[$0...].starts(with: sought) }
        return start.map { Mark(line: mark.line + within.line, column: $0 + 1) }
    }

    package var description: String {
        let digits = String(number)
        let margin = String(repeating: " ", count: max(0, 5 - digits.utf8.count)) + digits
        let blank = String(repeating: " ", count: margin.utf8.count)
        return "\(margin) | \(text)\n\(blank) | " + String(repeating: " ", count: column) + "^"
    }
}
