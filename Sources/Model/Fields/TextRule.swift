extension TextRule {
    /// What is wrong with a text, as the end of a sentence; nil when nothing is.
    package func complaint(about text: String) -> String? {
        let bytes = text.utf8
        if bytes.isEmpty { return mayBeEmpty ? nil : "must not be empty" }
        if bytes.count > atMost { return "is \(bytes.count) bytes long; at most \(atMost) are allowed" }
        // Only what is wrong is made fit to be shown.
        var shown: String { text.shown() }
        switch form {
        case .any:
            return Self.holdsZero(text) ? "must not hold a NUL byte" : nil
        case .dnsLabel:
            return Self.isLabel(bytes[...])
                ? nil
                : "\"\(shown)\" must be lower-case letters, digits and `-`, and begin and end with one of the first two"
        case .dnsName:
            return bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy(Self.isLabel)
                ? nil
                : "\"\(shown)\" must be lower-case letters, digits, `-` and `.`, and begin and end with one of the first two"
        case .identifier:
            return Self.isWord(bytes, alsoDash: false)
                ? nil : "\"\(shown)\" must be letters, digits and `_`, and not begin with a digit"
        case .word:
            return Self.isWord(bytes, alsoDash: true)
                ? nil : "\"\(shown)\" must be letters, digits, `_` and `-`, and begin with a letter or `_`"
        case .labelKey:
            let parts = bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
            let name = parts[parts.count - 1]
            let prefixed =
                parts.count == 1
                || (parts.count == 2
                    && parts[0].split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
                        .allSatisfy(Self.isLabel))
            return prefixed && Self.isLabelText(name) && name.count <= 63
                ? nil
                : "\"\(shown)\" must be a label's name: letters, digits, `-`, `_` and `.`, at most 63, after a DNS prefix and `/` if there is one"
        case .labelValue:
            return Self.isLabelText(bytes[...])
                ? nil
                : "\"\(shown)\" must be letters, digits, `-`, `_` and `.`, and begin and end with a letter or digit"
        }
    }

    private static func holdsZero(_ text: String) -> Bool {
        let bytes = text.utf8.span
        for place in bytes.indices where bytes[place] == 0 { return true }
        return false
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }

    private static func isLabel(_ bytes: Substring.UTF8View) -> Bool {
        guard let first = bytes.first, let last = bytes.last, bytes.count <= 63 else { return false }
        let dash = UInt8(ascii: "-")
        return first != dash && last != dash
            && bytes.allSatisfy { byte in
                byte == dash || (isAlphanumeric(byte) && !(UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte))
            }
    }

    private static func isLabelText(_ bytes: Substring.UTF8View) -> Bool {
        guard let first = bytes.first, let last = bytes.last else { return false }
        return isAlphanumeric(first) && isAlphanumeric(last)
            && bytes.allSatisfy { isAlphanumeric($0) || "-_.".utf8.contains($0) }
    }

    private static func isWord(_ bytes: String.UTF8View, alsoDash: Bool) -> Bool {
        guard let first = bytes.first else { return false }
        return !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) && first != UInt8(ascii: "-")
            && bytes.allSatisfy {
                isAlphanumeric($0) || $0 == UInt8(ascii: "_") || (alsoDash && $0 == UInt8(ascii: "-"))
            }
    }
}
