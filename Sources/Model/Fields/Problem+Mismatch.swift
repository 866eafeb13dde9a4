import Document

extension Problem {
    /// A value of another type than the one wanted ("a text", "a list", …), with what to write instead.
    static func mismatch(_ wanted: String, _ node: Node, _ path: FieldPath) -> Problem {
        let written = node.written ?? ""
        let found =
            switch node.value {
            case .null: "nothing"
            case .bool(let value): "the boolean `\(written.isEmpty ? "\(value)" : written.shown())`"
            case .int(let value): "the number `\(written.isEmpty ? "\(value)" : written.shown())`"
            case .double(let value): "the number `\(written.isEmpty ? "\(value)" : written.shown())`"
            case .string(let text): "the text \"\(text.shown(40))\""
            case .array: "a list"
            case .object: "an object"
            }
        return Problem(
            "must be \(wanted), but is \(found)", at: path, mark: node.mark, hint: hint(wanted, node, written))
    }

    private static func hint(_ wanted: String, _ node: Node, _ written: String) -> String? {
        switch (wanted, node.value) {
        case ("a text", .bool), ("a text", .int), ("a text", .double):
            return written.isEmpty ? "quote it" : "quote it: \"\(written.shown())\""
        case ("a whole number", .string(let text)) where Int64(text) != nil:
            return "write it without quotes: \(text.shown())"
        case ("a list", .string(let text)):
            return "write it as a list: [\(text.shown(40))]"
        case ("a list", .object):
            return "begin each item with `- `"
        default:
            return nil
        }
    }
}
