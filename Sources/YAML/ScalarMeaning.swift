/// What a scalar means to kubectl: YAML 1.1 as goyaml.v2 understands it, not as its specification says.
///
/// For instance there are no numbers of base 60 (`12:30:45`), dates stay strings, and `0o17` counts as octal. The
/// golden files in Tests/YAMLTests hold what kubectl printed.
enum ScalarMeaning: Equatable {
    case null
    case bool(Bool)
    case int(Int64)
    /// Whole and beyond `Int64`.
    case unsigned(UInt64)
    /// Infinities and NaN included, which JSON can't say, but keys can.
    case double(Double)
    case string(String)

    /// The meaning of a scalar without quotes or a tag.
    init(plain text: String) {
        guard let first = text.utf8.first else {
            self = .null
            return
        }
        switch first {
        case UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            self = Self.words[text] ?? Self.number(text) ?? .string(text)
        case UInt8(ascii: "."):
            self = Self.words[text] ?? Self.fraction(Array(text.utf8)) ?? .string(text)
        case _ where text.utf8.count <= 5:
            self = Self.words[text] ?? .string(text)
        default:
            self = .string(text)
        }
    }

    private static let words: [String: ScalarMeaning] = {
        var words: [String: ScalarMeaning] = [:]
        for word in ["y", "yes", "true", "on"] { add(word, .bool(true)) }
        for word in ["n", "no", "false", "off"] { add(word, .bool(false)) }
        add("null", .null)
        words["~"] = .null
        for word in [".nan", ".NaN", ".NAN"] { words[word] = .double(.nan) }
        for word in [".inf", ".Inf", ".INF"] {
            words[word] = .double(.infinity)
            words["+" + word] = .double(.infinity)
            words["-" + word] = .double(-.infinity)
        }
        return words

        func add(_ word: String, _ meaning: ScalarMeaning) {
            for spelling in [word, word.prefix(1).uppercased() + word.dropFirst(), word.uppercased()] {
                words[spelling] = meaning
            }
        }
    }()

    private static func number(_ text: String) -> ScalarMeaning? {
        let digits = text.utf8.filter { $0 != UInt8(ascii: "_") }
        return whole(digits) ?? decimal(digits) ?? binary(digits)
    }

    /// A whole number with a sign and a prefix (`0x`, `0o`, `0b`, and `0` for octal), if it fits 64 bits.
    private static func whole(_ text: [UInt8]) -> ScalarMeaning? {
        let sign = text.first.flatMap { $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "+") ? $0 : nil }
        var digits = text[(sign == nil ? 0 : 1)...]
        var radix = 10
        if digits.first == UInt8(ascii: "0"), digits.count > 1 {
            let letter = digits[digits.startIndex + 1] | 0x20
            let prefixes = [UInt8(ascii: "x"): 16, UInt8(ascii: "o"): 8, UInt8(ascii: "b"): 2]
            if digits.count > 2, let known = prefixes[letter] {
                radix = known
                digits = digits.dropFirst(2)
            } else {
                radix = 8
                digits = digits.dropFirst()
            }
        }
        guard let size = magnitude(digits, radix: radix) else { return nil }
        if sign == UInt8(ascii: "-") {
            if size == Int64.min.magnitude { return .int(.min) }
            return Int64(exactly: size).map { .int(-$0) }
        }
        if let number = Int64(exactly: size) { return .int(number) }
        // Larger numbers may not have a sign.
        return sign == nil ? .unsigned(size) : nil
    }

    private static func magnitude(_ digits: ArraySlice<UInt8>, radix: Int) -> UInt64? {
        // The conversion would take a second sign.
        guard let first = digits.first, first != UInt8(ascii: "+"), first != UInt8(ascii: "-") else { return nil }
        return UInt64(String(decoding: digits, as: UTF8.self), radix: radix)
    }

    /// goyaml.v2 tries `0b` once more by other means, by which a sign may follow it.
    private static func binary(_ text: [UInt8]) -> ScalarMeaning? {
        guard text.starts(with: [UInt8(ascii: "0"), UInt8(ascii: "b")]) else { return nil }
        return Int64(String(decoding: text.dropFirst(2), as: UTF8.self), radix: 2).map { .int($0) }
    }

    /// What begins with a point: there, unlike elsewhere, underscores may only stand between digits.
    private static func fraction(_ text: [UInt8]) -> ScalarMeaning? {
        let underscore = UInt8(ascii: "_")
        for (index, byte) in text.enumerated() where byte == underscore {
            guard index + 1 < text.count, isDigit(text[index - 1]), isDigit(text[index + 1]) else { return nil }
        }
        return decimal(text.filter { $0 != underscore })
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
    }

    /// `[-+]? (digits | digits "." digits? | "." digits) ([eE] [-+]? digits)?`, unless it is too large for a `Double`.
    private static func decimal(_ text: [UInt8]) -> ScalarMeaning? {
        var rest = text[...]
        func skipDigits() -> Int {
            let count = rest.prefix(while: isDigit).count
            rest = rest.dropFirst(count)
            return count
        }
        func skip(_ first: Character, _ second: Character) -> Bool {
            guard let byte = rest.first, byte == first.asciiValue || byte == second.asciiValue else { return false }
            rest = rest.dropFirst()
            return true
        }

        _ = skip("+", "-")
        let integerPart = rest
        let hasInteger = skipDigits() > 0
        if skip(".", ".") {
            let hasFraction = skipDigits() > 0
            guard hasInteger || hasFraction else { return nil }
        } else if !hasInteger {
            return nil
        }
        // Swift wants digits on both sides of the point.
        var spelling = String(decoding: text[..<integerPart.startIndex], as: UTF8.self)
        if !hasInteger { spelling += "0" }
        let mantissa = text[integerPart.startIndex..<rest.startIndex]
        spelling += String(decoding: mantissa, as: UTF8.self)
        if mantissa.last == UInt8(ascii: ".") { spelling += "0" }
        let exponent = rest
        if skip("e", "E") {
            _ = skip("+", "-")
            guard skipDigits() > 0 else { return nil }
        }
        guard rest.isEmpty else { return nil }
        spelling += String(decoding: exponent, as: UTF8.self)
        guard let number = Double(spelling), number.isFinite else { return nil }
        return .double(number)
    }
}
