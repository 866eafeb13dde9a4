// How many columns of a terminal text takes.

extension Unicode.Scalar {
    /// Whether East Asian fonts draw the character over two columns (Unicode's East Asian Width W and F), or emoji fonts
    /// do.
    fileprivate var isWide: Bool {
        guard value >= 0x1100 else { return false }
        switch value {
        case 0x1100...0x115F, 0x2329...0x232A, 0x2E80...0x303E, 0x3041...0x33FF, 0x3400...0x4DBF, 0x4E00...0xA4CF,
            0xA960...0xA97F, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE10...0xFE19, 0xFE30...0xFE6F, 0xFF01...0xFF60,
            0xFFE0...0xFFE6, 0x16FE0...0x18DFF, 0x1AFF0...0x1B2FF, 0x1F200...0x1F2FF, 0x20000...0x3FFFD:
            return true
        default: return properties.isEmojiPresentation
        }
    }

    fileprivate var hasNoColumn: Bool {
        switch properties.generalCategory {
        case .control, .format, .nonspacingMark, .enclosingMark, .surrogate, .lineSeparator, .paragraphSeparator: true
        // The vowels and final consonants of Hangul that join the letter before them.
        default: (0x1160...0x11FF).contains(value)
        }
    }
}

extension Character {
    /// 0, 1 or 2.
    var columns: Int {
        if isASCII { return self == "\r\n" || asciiValue.map { $0 < 0x20 || $0 == 0x7F } ?? false ? 0 : 1 }
        var width = 0
        for scalar in unicodeScalars {
            // Asks for the picture where the character is text by itself.
            if scalar == "\u{FE0F}", width == 1 { width = 2 }
            if scalar.hasNoColumn { continue }
            width = max(width, scalar.isWide ? 2 : 1)
        }
        return width
    }
}

extension StringProtocol {
    /// How many columns of a terminal the text takes.
    package var columns: Int {
        if utf8.allSatisfy({ (0x20...0x7E).contains($0) }) { return utf8.count }
        return reduce(0) { $0 + $1.columns }
    }
}
