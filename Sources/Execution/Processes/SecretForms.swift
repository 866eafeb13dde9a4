/// The forms in which tools show a value.
///
/// - line by line;
/// - base64, in both alphabets, wherever in the encoded text it stands, broken into lines or not;
/// - percent-encoded, by the habits of several libraries;
/// - escaped as in JSON, by the habits of several libraries;
/// - with HTML's and XML's entities;
/// - as a shell quotes it.
enum SecretForms {
    static func of(_ value: [UInt8]) -> [SecretPattern] {
        var forms: [[UInt8]] = []
        let lines = value.split(whereSeparator: { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") })
        if lines.count > 1 { forms += lines.map(Array.init) }
        forms += urlHabits.flatMap { habit in
            ["0123456789ABCDEF", "0123456789abcdef"].map { percentEncoded(value, habit, hex: Array($0.utf8)) }
        }
        forms += jsonHabits.map { escaped(value, $0) }
        for apostrophe in ["&#39;", "&apos;", "&#x27;", "'"] { forms.append(withEntities(value, apostrophe)) }
        forms.append(
            value.flatMap { $0 == UInt8(ascii: "'") ? Array(#"'\''"#.utf8) : [$0] })
        return forms.map { SecretPattern(bytes: $0) } + base64(value)
    }

    // MARK: Base64

    /// The part of an encoded text that the value alone determines, for each of the three places where it may begin.
    private static func base64(_ value: [UInt8]) -> [SecretPattern] {
        var forms: [SecretPattern] = []
        for alphabet in [
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
        ] {
            let digits = Array(alphabet.utf8)
            for offset in 0..<3 {
                // Whole groups of six bits of the value, which begins `offset` bytes into a group of three.
                let firstBit = [0, 4, 2][offset]
                var form: [UInt8] = []
                var bit = firstBit
                while bit + 6 <= value.count * 8 {
                    let byte = bit / 8
                    let pair = UInt16(value[byte]) << 8 | (byte + 1 < value.count ? UInt16(value[byte + 1]) : 0)
                    form.append(digits[Int(pair >> UInt16(10 - bit % 8)) & 63])
                    bit += 6
                }
                // A break before the fourth digit leaves up to three at the end of a line, and these on the next.
                for start in 0..<min(SecretPattern.bytesBeforeBreak, form.count) {
                    forms.append(SecretPattern(bytes: Array(form[start...]), breaks: true))
                }
            }
        }
        return forms
    }

    // MARK: URLs

    private struct URLHabit {
        /// What is left as it is, beside letters and digits.
        var kept: String
        var space = "%20"
    }

    private static let urlHabits = [
        // RFC 3986, and most libraries.
        URLHabit(kept: "-_.~"),
        // Python's `quote`.
        URLHabit(kept: "-_.~/"),
        // JavaScript's `encodeURIComponent` and `encodeURI`.
        URLHabit(kept: "-_.~!'()*"), URLHabit(kept: "-_.~!'()*;,/?:@&=+$#"),
        // Python's `quote_plus`, Go's `QueryEscape`.
        URLHabit(kept: "-_.~", space: "+"),
        // HTML forms, Java.
        URLHabit(kept: "-_.*", space: "+"),
    ]

    private static func percentEncoded(_ value: [UInt8], _ habit: URLHabit, hex: [UInt8]) -> [UInt8] {
        let kept = Array(habit.kept.utf8)
        return value.flatMap { byte -> [UInt8] in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                [byte]
            case UInt8(ascii: " "): Array(habit.space.utf8)
            case _ where kept.contains(byte): [byte]
            default: [UInt8(ascii: "%"), hex[Int(byte >> 4)], hex[Int(byte & 15)]]
            }
        }
    }

    // MARK: JSON

    private struct JSONHabit {
        /// Whether what isn't ASCII is written as `\u…`, with these digits.
        var asciiDigits: String?
        var escapesSlash = false
        var escapesHTML = false
    }

    private static let jsonHabits = [
        JSONHabit(), JSONHabit(escapesSlash: true),
        // Python, with `ensure_ascii`.
        JSONHabit(asciiDigits: "0123456789abcdef"), JSONHabit(asciiDigits: "0123456789ABCDEF"),
        // PHP.
        JSONHabit(asciiDigits: "0123456789abcdef", escapesSlash: true),
        // Go.
        JSONHabit(escapesHTML: true),
    ]

    private static func escaped(_ value: [UInt8], _ habit: JSONHabit) -> [UInt8] {
        // What is no text stays as it is: no JSON can hold it.
        guard let text = String(validating: value, as: UTF8.self) else { return value }
        let digits = habit.asciiDigits ?? "0123456789abcdef"
        var form: [UInt8] = []
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\", "\"": form += [UInt8(ascii: "\\"), UInt8(ascii: scalar)]
            case "\n": form += Array("\\n".utf8)
            case "\r": form += Array("\\r".utf8)
            case "\t": form += Array("\\t".utf8)
            case "\u{8}": form += Array("\\b".utf8)
            case "\u{C}": form += Array("\\f".utf8)
            case "/" where habit.escapesSlash: form += Array("\\/".utf8)
            case _
            where scalar.value < 0x20 || habit.escapesHTML && ["<", ">", "&"].contains(scalar)
                || habit.asciiDigits != nil && !scalar.isASCII:
                for unit in String(scalar).utf16 { form += unicodeEscape(unit, digits) }
            default: form += Array(String(scalar).utf8)
            }
        }
        return form
    }

    private static func unicodeEscape(_ unit: UInt16, _ digits: String) -> [UInt8] {
        let digits = Array(digits.utf8)
        return Array("\\u".utf8) + [12, 8, 4, 0].map { digits[Int(unit >> $0 & 15)] }
    }

    // MARK: HTML and XML

    private static func withEntities(_ value: [UInt8], _ apostrophe: String) -> [UInt8] {
        value.flatMap { byte -> [UInt8] in
            switch byte {
            case UInt8(ascii: "&"): Array("&amp;".utf8)
            case UInt8(ascii: "<"): Array("&lt;".utf8)
            case UInt8(ascii: ">"): Array("&gt;".utf8)
            case UInt8(ascii: "\""): Array("&quot;".utf8)
            case UInt8(ascii: "'"): Array(apostrophe.utf8)
            default: [byte]
            }
        }
    }
}
