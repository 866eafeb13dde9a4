extension String {
    /// The text on one line, or its beginning if it is long, for use in a message.
    package var excerpt: String {
        let head = unicodeScalars.prefix(Self.excerptLength)
        let isWhole = head.endIndex == unicodeScalars.endIndex
        var line = String.UnicodeScalarView()
        for scalar in head { line.append(scalar.properties.generalCategory == .control ? " " : scalar) }
        return String(line) + (isWhole ? "" : "…")
    }

    private static var excerptLength: Int { 60 }
}
