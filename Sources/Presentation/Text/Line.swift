/// A piece of a line in one ink. It never holds anything that a terminal would act on.
package struct TextSpan: Equatable, Sendable {
    package let text: String
    package let ink: Ink

    package init(_ text: some StringProtocol, _ ink: Ink = .plain) {
        self.text = text.terminalSafe
        self.ink = ink
    }
}

/// One line for a terminal or a file.
package struct Line: Equatable, Sendable, ExpressibleByStringLiteral {
    package private(set) var spans: [TextSpan]

    package init(_ spans: [TextSpan] = []) {
        self.spans = []
        for span in spans { append(span) }
    }

    package init(_ text: some StringProtocol, _ ink: Ink = .plain) {
        self.init([TextSpan(text, ink)])
    }

    package init(stringLiteral text: String) {
        self.init(text)
    }

    package var isEmpty: Bool { spans.isEmpty }
    package var columns: Int { spans.reduce(0) { $0 + $1.text.columns } }

    /// The text alone.
    package var text: String { spans.map(\.text).joined() }

    package static func + (left: Line, right: Line) -> Line {
        Line(left.spans + right.spans)
    }

    package mutating func append(_ text: some StringProtocol, _ ink: Ink = .plain) {
        append(TextSpan(text, ink))
    }

    private mutating func append(_ span: TextSpan) {
        guard !span.text.isEmpty else { return }
        if let last = spans.last, last.ink == span.ink {
            spans[spans.count - 1] = TextSpan(last.text + span.text, span.ink)
        } else {
            spans.append(span)
        }
    }

    /// The line without a line feed, with sequences for its inks if `colour` is on.
    package func rendered(colour: Bool) -> String {
        var output = ""
        for span in spans {
            if colour, let sequence = span.ink.sequence {
                output += "\u{1B}[\(sequence)m\(span.text)\u{1B}[0m"
            } else {
                output += span.text
            }
        }
        return output
    }

    /// The line within so many columns; what is cut ends in `…`.
    package func truncated(to width: Int) -> Line {
        guard columns > width else { return self }
        guard width > 0 else { return Line() }
        return prefix(width - 1).line + Line("…", spans.last?.ink ?? .plain)
    }

    /// The line with spaces up to so many columns.
    package func padded(to width: Int, _ alignment: Alignment = .left) -> Line {
        let missing = width - columns
        guard missing > 0 else { return self }
        let blank = Line(String(repeating: " ", count: missing))
        return alignment == .left ? self + blank : blank + self
    }

    /// The line broken at spaces into lines of at most so many columns; the last of `count` is cut.
    package func wrapped(to width: Int, atMost count: Int) -> [Line] {
        guard width > 0, count > 0 else { return [] }
        var lines: [Line] = []
        var rest = self
        while rest.columns > width, lines.count + 1 < count {
            var (head, tail) = rest.prefix(width + 1)
            if let (left, right) = head.brokenAtLastSpace() {
                (head, tail) = (left, right + tail)
            } else {
                (head, tail) = rest.prefix(width)
                // Not even one character fits.
                if head.isEmpty { return lines + [rest.truncated(to: width)] }
            }
            lines.append(head)
            rest = tail.withoutLeadingSpaces()
        }
        return lines + [rest.truncated(to: width)]
    }

    package enum Alignment: Sendable {
        case left
        case right
    }

    /// The longest beginning within so many columns, and what follows.
    private func prefix(_ width: Int) -> (line: Line, rest: Line) {
        var left = width
        for (place, span) in spans.enumerated() {
            var end = span.text.startIndex
            while end < span.text.endIndex, case let columns = span.text[end].columns, columns <= left {
                left -= columns
                end = span.text.index(after: end)
            }
            guard end < span.text.endIndex else { continue }
            return (
                Line(spans[..<place] + [TextSpan(span.text[..<end], span.ink)]),
                Line([TextSpan(span.text[end...], span.ink)] + spans[(place + 1)...])
            )
        }
        return (self, Line())
    }

    private func brokenAtLastSpace() -> (Line, Line)? {
        guard let place = spans.lastIndex(where: { $0.text.contains(" ") }),
            let space = spans[place].text.lastIndex(of: " ")
        else { return nil }
        let span = spans[place]
        let left = Line(spans[..<place] + [TextSpan(span.text[..<space], span.ink)])
        guard left.text.contains(where: { $0 != " " }) else { return nil }
        return (left, Line([TextSpan(span.text[space...], span.ink)] + spans[(place + 1)...]))
    }

    private func withoutLeadingSpaces() -> Line {
        var spans = spans
        while let first = spans.first {
            let text = first.text.drop { $0 == " " }
            spans[0] = TextSpan(text, first.ink)
            if !text.isEmpty { break }
            spans.removeFirst()
        }
        return Line(spans)
    }
}

extension [Line] {
    /// The lines, each with its line feed.
    package func rendered(colour: Bool) -> String {
        map { $0.rendered(colour: colour) + "\n" }.joined()
    }
}
