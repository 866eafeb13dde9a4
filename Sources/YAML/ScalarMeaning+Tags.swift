import Document

extension ScalarMeaning {
    /// What is wrong with a tag or with the value that it is put before.
    struct TagError: Error {
        var message: String
        var hint: String?
        /// What kubectl makes of it nevertheless, if it isn't an error there.
        var meaning: ScalarMeaning?
    }

    /// The meaning of a scalar by its tag, its quotes, and else by how it looks.
    init(_ scalar: YAMLScalar) throws(TagError) {
        guard let tag = scalar.tag else {
            self = scalar.isPlain ? ScalarMeaning(plain: scalar.text) : .string(scalar.text)
            return
        }
        if tag == Self.nonSpecific {
            self = .string(scalar.text)
            return
        }
        guard tag.hasPrefix(Self.prefix) else { throw Self.unsupported(tag, scalar.text) }
        switch tag.dropFirst(Self.prefix.count) {
        case "str": self = .string(scalar.text)
        case "binary": self = try Self.binary(scalar.text)
        case "int": self = try Self.checked(scalar.text, "!!int") { $0.isWhole ? $0 : nil }
        case "float": self = try Self.checked(scalar.text, "!!float", \.asDouble)
        case "bool": self = try Self.checked(scalar.text, "!!bool") { if case .bool = $0 { $0 } else { nil } }
        case "null": self = try Self.checked(scalar.text, "!!null") { $0 == .null ? $0 : nil }
        case "timestamp":
            self = try Self.checked(scalar.text, "!!timestamp") { _ in
                Self.looksLikeDate(scalar.text) ? .string(scalar.text) : nil
            }
        default: throw Self.unsupported(tag, scalar.text)
        }
    }

    /// Says that a value isn't to be taken for anything but a text, a list or a mapping.
    static let nonSpecific = "!"
    static let prefix = "tag:yaml.org,2002:"

    /// A tag as people write it: `!!str` for `tag:yaml.org,2002:str`.
    static func short(_ tag: String) -> String {
        tag.hasPrefix(prefix) ? "!!" + tag.dropFirst(prefix.count) : tag
    }

    private static func unsupported(_ tag: String, _ text: String) -> TagError {
        TagError(
            message: "the tag \(short(tag).excerpt) means nothing here",
            hint: "remove it, or put a value that begins with ! in quotes", meaning: .string(text))
    }

    private static func checked(
        _ text: String, _ tag: String, _ accepted: (ScalarMeaning) -> ScalarMeaning?
    ) throws(TagError) -> ScalarMeaning {
        // By how it looks, even if it is in quotes.
        guard let meaning = accepted(ScalarMeaning(plain: text)) else {
            throw TagError(message: "\"\(text.excerpt)\" is not a value for the tag \(tag)")
        }
        return meaning
    }

    private var isWhole: Bool {
        switch self {
        case .int, .unsigned: true
        default: false
        }
    }

    private var asDouble: ScalarMeaning? {
        switch self {
        case .int(let number): .double(Double(number))
        case .double: self
        default: nil
        }
    }

    /// No more than that it begins as all of YAML's timestamps do, since it is kept as it is.
    private static func looksLikeDate(_ text: String) -> Bool {
        let head = text.utf8.prefix(6)
        return head.count == 6
            && zip(head, "0000-0".utf8).allSatisfy { byte, shape in
                shape == UInt8(ascii: "0") ? UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte : byte == shape
            }
    }

    /// The text that base64 stands for, which kubectl puts into the JSON in its place.
    private static func binary(_ text: String) throws(TagError) -> ScalarMeaning {
        guard let bytes = decodeBase64(text.utf8) else {
            throw TagError(message: "what the tag !!binary is put before is not base64")
        }
        guard let decoded = String(validating: bytes, as: UTF8.self) else {
            throw TagError(
                message: "this !!binary value isn't text, and JSON can't hold it",
                hint: "leave the tag out to keep the base64")
        }
        return .string(decoded)
    }

    /// Line ends count as nothing; padding is required.
    private static func decodeBase64(_ text: String.UTF8View) -> [UInt8]? {
        let digits = text.filter { $0 != 0x0A && $0 != 0x0D }
        guard digits.count.isMultiple(of: 4) else { return nil }
        let padding = digits.suffix(2).reversed().prefix { $0 == UInt8(ascii: "=") }.count
        var bytes: [UInt8] = []
        var bits: UInt32 = 0
        for (index, digit) in digits.dropLast(padding).enumerated() {
            let value: UInt8
            switch digit {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): value = digit - UInt8(ascii: "A")
            case UInt8(ascii: "a")...UInt8(ascii: "z"): value = digit - UInt8(ascii: "a") + 26
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = digit - UInt8(ascii: "0") + 52
            case UInt8(ascii: "+"): value = 62
            case UInt8(ascii: "/"): value = 63
            default: return nil
            }
            bits = bits << 6 | UInt32(value)
            // Of four digits, the second, third and fourth complete a byte.
            let spare = UInt32(6 - 2 * (index % 4))
            if spare < 6 { bytes.append(UInt8(truncatingIfNeeded: bits >> spare)) }
        }
        return bytes
    }
}
