/// Slack's way of writing text (mrkdwn), for text that others have written.
enum SlackMarkup {
    /// The text on one line, with the three characters escaped that Slack gives a meaning of their own; without `<`
    /// nobody is mentioned and nothing becomes a link.
    static func escaped(_ text: String) -> String {
        var escaped = ""
        for character in text.cleaned().unicodeScalars {
            switch character {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            default: escaped.unicodeScalars.append(character)
            }
        }
        return escaped
    }

    /// In the font of code. Slack knows no way to write the mark itself there.
    static func code(_ text: String) -> String {
        "`\(escaped(String(text.map { $0 == "`" ? "'" : $0 })))`"
    }

    /// A link; the plain text where there is nothing to point to.
    static func link(_ url: String?, _ text: String) -> String {
        // A bar or a bracket in the address would end it.
        guard let url, !url.contains(where: { "<>|".contains($0) || $0.isWhitespace }) else { return text }
        return "<\(escaped(url))|\(text)>"
    }

    /// Lines of output within a fence, the last ones where they are too many.
    ///
    /// - Parameter limit: In characters, the fence included.
    static func block(_ lines: [String], limit: Int) -> String? {
        var kept: [String] = []
        var size = 8
        for line in lines.reversed() {
            let clean = escaped(line.clipped(to: 300).replacing("```", with: "'''"))
            size += clean.unicodeScalars.count + 1
            if size > limit { break }
            kept.insert(clean, at: 0)
        }
        return kept.isEmpty ? nil : "```\n\(kept.joined(separator: "\n"))\n```"
    }
}
