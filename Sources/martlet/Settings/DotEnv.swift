internal import Document
internal import Model

/// The lines of a `.env` file: `NAME=value`, `#` comments, values quoted or not.
struct DotEnv {
    struct Line: Equatable {
        var name: String
        var value: String
        var number: Int
    }

    var lines: [Line] = []
    var problems: [Problem] = []

    init(_ text: String) {
        // Editors of other systems put a byte order mark before the first line.
        let text = text.unicodeScalars.first == "\u{FEFF}" ? String(text.unicodeScalars.dropFirst()) : text
        for (place, raw) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            let number = place + 1
            var line = Self.trimmed(raw)
            if line.isEmpty || line.hasPrefix("#") { continue }
            if line.hasPrefix("export ") { line = Self.trimmed(line.dropFirst(7)) }
            guard let equals = line.firstIndex(of: "=") else {
                problems.append(
                    Problem("is not of the form NAME=value", mark: Mark(line: number, column: 1)))
                continue
            }
            let name = String(Self.trimmed(line[..<equals]))
            // Other programs' variables may stand in the same file.
            guard name.hasPrefix("MARTLET_") else { continue }
            guard let value = Self.unquoted(Self.trimmed(line[line.index(after: equals)...])) else {
                problems.append(
                    Problem(
                        "the value of \(name) has no closing quote", mark: Mark(line: number, column: 1)))
                continue
            }
            lines.append(Line(name: name, value: value, number: number))
        }
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text
        while let first = text.first, first == " " || first == "\t" || first == "\r" { text.removeFirst() }
        while let last = text.last, last == " " || last == "\t" || last == "\r" { text.removeLast() }
        return text
    }

    private static func unquoted(_ text: Substring) -> String? {
        guard let quote = text.first, quote == "\"" || quote == "'" else {
            // An unquoted value ends where a comment begins.
            if let comment = text.range(ofComment: ()) { return String(trimmed(text[..<comment])) }
            return String(text)
        }
        guard let end = text.dropFirst().lastIndex(of: quote) else { return nil }
        return String(text[text.index(after: text.startIndex)..<end])
    }
}

extension Substring {
    /// Where ` #` begins.
    fileprivate func range(ofComment: Void) -> Index? {
        var previous: Character?
        for place in indices {
            if self[place] == "#", previous == " " || previous == "\t" { return place }
            previous = self[place]
        }
        return nil
    }
}
