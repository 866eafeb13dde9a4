extension String {
    /// The text with at most so many characters (Unicode scalars), cut with `…`.
    func clipped(to limit: Int) -> String {
        guard unicodeScalars.count > limit else { return self }
        return String(String.UnicodeScalarView(unicodeScalars.prefix(max(0, limit - 1)))) + (limit > 0 ? "…" : "")
    }

    /// The text with at most so many bytes, cut between characters with `…`.
    func clipped(toBytes limit: Int) -> String {
        guard utf8.count > limit else { return self }
        var kept = String.UnicodeScalarView()
        var size = 3
        for scalar in unicodeScalars {
            size += UTF8.width(scalar)
            if size > limit { break }
            kept.append(scalar)
        }
        return String(kept) + "…"
    }

    /// The text without control characters; line ends and tabs stay where `keepsLines` says so.
    func cleaned(keepsLines: Bool = false) -> String {
        var clean = String.UnicodeScalarView()
        for scalar in unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control:
                if keepsLines, scalar == "\n" || scalar == "\t" { clean.append(scalar) } else { clean.append(" ") }
            // What turns the direction of writing around, or isn't seen, makes a text look like another.
            case .format, .lineSeparator, .paragraphSeparator: continue
            default: clean.append(scalar)
            }
        }
        return String(clean)
    }
}
