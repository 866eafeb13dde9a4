import Document
import Model

/// Checks values against a JSON Schema, as far as the protocol's schemas go: a keyword that it doesn't know is a
/// violation, so that a misspelt one can't pass for none.
struct JSONSchema {
    let root: Node
    /// Whether members that the schema doesn't name are violations; for readers they are not.
    var isClosed = false

    private static let annotations = ["$schema", "$id", "title", "description", "default"]

    /// What is wrong with a value, each with its place; nothing where it is valid.
    func violations(of value: Node) -> [String] {
        var found: [String] = []
        check(value, root, "", &found)
        return found
    }

    private func check(_ value: Node, _ schema: Node, _ path: String, _ found: inout [String]) {
        for member in schema.members ?? [] where !Self.annotations.contains(member.key) {
            let isMet = Self.holds(member.key, member.value, value)
            if isMet == true { continue }
            let what = isMet == nil ? "has a keyword that can't be checked:" : "breaks"
            found.append(
                "\(path.isEmpty ? "/" : path) \(what) \(member.key) \(member.value.json()): \(value.json().prefix(80))")
        }
        descend(value, schema, path, &found)
    }

    /// Whether a value keeps to one keyword; nil where that can't be told.
    private static func holds(_ keyword: String, _ rule: Node, _ value: Node) -> Bool? {
        switch keyword {
        case "type": return type(of: value) == rule.string
        case "enum": return rule.array?.contains(value)
        case "minimum": return compare(value.int, rule.int, >=)
        case "maximum": return compare(value.int, rule.int, <=)
        case "minLength": return compare(value.string?.unicodeScalars.count, rule.int, >=)
        case "maxLength": return compare(value.string?.unicodeScalars.count, rule.int, <=)
        case "minItems": return compare(value.array?.count, rule.int, >=)
        case "maxItems": return compare(value.array?.count, rule.int, <=)
        case "maxProperties": return compare(value.members?.count, rule.int, <=)
        case "pattern": return matches(value.string, rule.string)
        case "format": return rule.string == "date-time" ? isTime(value) : nil
        case "required": return rule.array.map { hasAll($0, value) }
        // Looked into by `descend`.
        case "properties", "items", "propertyNames", "additionalProperties": return true
        default: return nil
        }
    }

    private static func isTime(_ value: Node) -> Bool {
        guard let text = value.string else { return true }
        return Timestamp(text) != nil
    }

    private static func hasAll(_ names: [Node], _ value: Node) -> Bool {
        guard let members = value.members else { return true }
        return names.allSatisfy { name in members.contains { $0.key == name.string } }
    }

    private func descend(_ value: Node, _ schema: Node, _ path: String, _ found: inout [String]) {
        if let items = schema["items"] {
            for (place, element) in (value.array ?? []).enumerated() {
                check(element, items, "\(path)/\(place)", &found)
            }
        }
        for member in value.members ?? [] {
            let path = "\(path)/\(member.key)"
            if let names = schema["propertyNames"] { check(.text(member.key), names, path, &found) }
            if let property = schema["properties"]?[member.key] ?? schema["additionalProperties"] {
                check(member.value, property, path, &found)
            } else if isClosed {
                found.append("\(path) is in no schema")
            }
        }
    }

    private static func type(of value: Node) -> String {
        switch value.value {
        case .null: "null"
        case .bool: "boolean"
        case .int: "integer"
        case .double: "number"
        case .string: "string"
        case .array: "array"
        case .object: "object"
        }
    }

    /// A rule about another type than the value's holds.
    private static func compare(_ value: (some BinaryInteger)?, _ limit: Int64?, _ holds: (Int64, Int64) -> Bool)
        -> Bool?
    {
        guard let value else { return true }
        return limit.map { holds(Int64(value), $0) }
    }

    private static func matches(_ text: String?, _ pattern: String?) -> Bool? {
        guard let text else { return true }
        guard let pattern, pattern.hasPrefix("^"), pattern.hasSuffix("$"), let regex = try? Regex(pattern) else {
            return nil
        }
        return text.wholeMatch(of: regex.matchingSemantics(.unicodeScalar)) != nil
    }
}
