package import Document

/// Fills a record from a document and notes everything that is wrong with it, with its place.
///
/// Strict where a person wrote the document (unknown fields are errors, with a "did you mean"), lenient where
/// a newer or older Martlet did (a status).
package struct FieldReader: FieldVisitor {
    package private(set) var problems: [Problem] = []
    private let node: Node
    private let path: FieldPath
    private let strict: Bool
    private var known: [StaticString] = []

    /// Reads a record; the value is usable only where there is no problem of severity `error`.
    package static func read<Value: Fields>(
        _ type: Value.Type = Value.self, from node: Node, at path: FieldPath = FieldPath(), strict: Bool = true
    ) -> (value: Value, problems: [Problem]) {
        var value = Value()
        guard node.members != nil else {
            return (value, [FieldReader.mismatch("an object", node, path)])
        }
        var reader = FieldReader(node: node, path: path, strict: strict)
        value.visit(&reader)
        reader.finish()
        return (value, reader.problems)
    }

    private init(node: Node, path: FieldPath, strict: Bool) {
        self.node = node
        self.path = path
        self.strict = strict
    }

    // An explicit null is the same as an absent field, as it is to the API server.
    private mutating func take(_ name: StaticString) -> (Node, FieldPath)? {
        known.append(name)
        let key = name.description
        guard let value = node[key], value.value != .null else { return nil }
        return (value, path.key(key))
    }

    private mutating func missing(_ name: StaticString) {
        problems.append(
            Problem("`\(name)` is missing", at: path, mark: node.mark, hint: "add `\(name):`"))
    }

    private static func mismatch(_ wanted: String, _ node: Node, _ path: FieldPath) -> Problem {
        let found: String
        var hint: String?
        let written = node.written ?? ""
        switch node.value {
        case .null: found = "nothing"
        case .bool(let value): found = "the boolean \(written.isEmpty ? "\(value)" : "`\(written)`")"
        case .int(let value): found = "the number \(written.isEmpty ? "\(value)" : "`\(written)`")"
        case .double(let value): found = "the number \(written.isEmpty ? "\(value)" : "`\(written)`")"
        case .string(let text): found = "the text \"\(text.prefix(40))\""
        case .array: found = "a list"
        case .object: found = "an object"
        }
        if wanted == "a text" {
            switch node.value {
            case .bool, .int, .double: hint = written.isEmpty ? "quote it" : "quote it: \"\(written)\""
            default: break
            }
        } else if wanted == "a list", case .string = node.value {
            hint = "write it as a list: [\(node.string ?? "")]"
        }
        return Problem("must be \(wanted), but is \(found)", at: path, mark: node.mark, hint: hint)
    }

    private mutating func text(_ node: Node, _ path: FieldPath, _ rule: TextRule) -> String? {
        guard let text = node.string else {
            problems.append(Self.mismatch("a text", node, path))
            return nil
        }
        if let complaint = rule.complaint(about: text) {
            problems.append(Problem(complaint, at: path, mark: node.mark))
        }
        return text
    }

    private mutating func number(_ name: StaticString, in range: ClosedRange<Int>) -> Int? {
        guard let (node, path) = take(name) else { return nil }
        guard let number = node.int else {
            problems.append(Self.mismatch("a whole number", node, path))
            return nil
        }
        guard let value = Int(exactly: number), range.contains(value) else {
            let wanted =
                range.upperBound == Int.max
                ? "at least \(range.lowerBound)" : "between \(range.lowerBound) and \(range.upperBound)"
            problems.append(Problem("must be \(wanted), but is \(number)", at: path, mark: node.mark))
            return nil
        }
        return value
    }

    private mutating func word<Word: Choice>(_ node: Node, _ path: FieldPath) -> Word? {
        guard let text = node.string else {
            problems.append(Self.mismatch("a text", node, path))
            return nil
        }
        if let word = Word(rawValue: text) { return word }
        let words = Word.allCases.map(\.rawValue)
        let near = Suggestion.nearest(to: text, among: words)
        problems.append(
            Problem(
                "\"\(text.prefix(64))\" is not one of \(words.joined(separator: ", "))", at: path, mark: node.mark,
                hint: near.map { "did you mean `\($0)`?" }))
        return nil
    }

    private mutating func elements(_ name: StaticString, atMost limit: Int) -> ([Node], FieldPath)? {
        guard let (node, path) = take(name) else { return nil }
        guard let elements = node.array else {
            problems.append(Self.mismatch("a list", node, path))
            return nil
        }
        guard elements.count <= limit else {
            problems.append(
                Problem("has \(elements.count) items; at most \(limit) are allowed", at: path, mark: node.mark))
            return nil
        }
        return (elements, path)
    }

    package mutating func text(_ name: StaticString, _ value: inout String, _ rule: TextRule) {
        guard let (node, path) = take(name) else { return missing(name) }
        value = text(node, path, rule) ?? value
    }

    package mutating func text(_ name: StaticString, _ value: inout String?, _ rule: TextRule) {
        guard let (node, path) = take(name) else { return }
        value = text(node, path, rule)
    }

    package mutating func texts(_ name: StaticString, _ value: inout [String], _ rule: TextRule, atMost: Int) {
        guard let (elements, path) = elements(name, atMost: atMost) else { return }
        value = []
        for (place, element) in elements.enumerated() {
            if let text = text(element, path.index(place), rule) { value.append(text) }
        }
    }

    package mutating func number(
        _ name: StaticString, _ value: inout Int, default: Int, in range: ClosedRange<Int>
    ) {
        value = number(name, in: range) ?? `default`
    }

    package mutating func number(_ name: StaticString, _ value: inout Int?, in range: ClosedRange<Int>) {
        value = number(name, in: range)
    }

    package mutating func choice<Word: Choice>(_ name: StaticString, _ value: inout Word, default: Word) {
        guard let (node, path) = take(name) else { return value = `default` }
        value = word(node, path) ?? `default`
    }

    package mutating func requiredChoice<Word: Choice>(_ name: StaticString, _ value: inout Word) {
        guard let (node, path) = take(name) else { return missing(name) }
        value = word(node, path) ?? value
    }

    package mutating func choices<Word: Choice>(_ name: StaticString, _ value: inout [Word]) {
        guard let (elements, path) = elements(name, atMost: Word.allCases.count) else { return }
        value = []
        for (place, element) in elements.enumerated() {
            guard let word: Word = word(element, path.index(place)) else { continue }
            if value.contains(word) {
                problems.append(
                    Problem("`\(word.rawValue)` is listed twice", at: path.index(place), mark: element.mark))
            } else {
                value.append(word)
            }
        }
    }

    package mutating func time(_ name: StaticString, _ value: inout Timestamp?) {
        guard let (node, path) = take(name) else { return }
        guard let text = node.string, let time = Timestamp(text) else {
            problems.append(Self.mismatch("a time such as 2026-11-22T10:15:00Z", node, path))
            return
        }
        value = time
    }

    private mutating func map(
        _ node: Node, _ path: FieldPath, key: TextRule, value rule: TextRule, atMost limit: Int
    ) -> StringMap? {
        guard let members = node.members else {
            problems.append(Self.mismatch("an object", node, path))
            return nil
        }
        guard members.count <= limit else {
            problems.append(
                Problem("has \(members.count) entries; at most \(limit) are allowed", at: path, mark: node.mark))
            return nil
        }
        var map = StringMap()
        for member in members {
            let path = path.key(member.key)
            if let complaint = key.complaint(about: member.key) {
                problems.append(Problem("the key \(complaint)", at: path, mark: member.keyMark))
            }
            if let text = text(member.value, path, rule) { map[member.key] = text }
        }
        return map
    }

    package mutating func map(
        _ name: StaticString, _ value: inout StringMap, key: TextRule, value rule: TextRule, atMost: Int
    ) {
        guard let (node, path) = take(name) else { return }
        value = map(node, path, key: key, value: rule, atMost: atMost) ?? value
    }

    package mutating func maps(
        _ name: StaticString, _ value: inout [StringMap], key: TextRule, value rule: TextRule, atMost: Int
    ) {
        guard let (elements, path) = elements(name, atMost: atMost) else { return }
        value = []
        for (place, element) in elements.enumerated() {
            if let map = map(element, path.index(place), key: key, value: rule, atMost: 16) { value.append(map) }
        }
    }

    private mutating func record<Value: Fields>(_ node: Node, _ path: FieldPath) -> Value {
        let (value, found) = FieldReader.read(Value.self, from: node, at: path, strict: strict)
        problems += found
        return value
    }

    package mutating func object<Value: Fields>(_ name: StaticString, _ value: inout Value?) {
        guard let (node, path) = take(name) else { return }
        value = record(node, path)
    }

    package mutating func requiredObject<Value: Fields>(_ name: StaticString, _ value: inout Value) {
        guard let (node, path) = take(name) else { return missing(name) }
        value = record(node, path)
    }

    package mutating func list<Item: Fields>(
        _ name: StaticString, _ value: inout [Item], atMost: Int, uniqueBy: [StaticString], required: Bool
    ) {
        guard let (elements, path) = elements(name, atMost: atMost) else {
            if required, node[name.description] == nil { missing(name) }
            return
        }
        if required, elements.isEmpty {
            problems.append(
                Problem("must have at least one item", at: path, mark: node[name.description]?.mark))
        }
        value = []
        value.reserveCapacity(elements.count)
        var seen: Set<[Node.Value.Key]> = []
        for (place, element) in elements.enumerated() {
            let item: Item = record(element, path.index(place))
            value.append(item)
            guard strict, !uniqueBy.isEmpty else { continue }
            let key = uniqueBy.map { element[$0.description].map(\.value.key) ?? .none }
            if key.contains(where: { $0 != .none }), !seen.insert(key).inserted {
                let names = uniqueBy.map(\.description).joined(separator: " and ")
                problems.append(
                    Problem(
                        "another item has the same \(names) \(key.map(\.description).joined(separator: ", "))",
                        at: path.index(place), mark: element[uniqueBy[0].description]?.mark ?? element.mark,
                        hint: "\(names) must be unique in this list"))
            }
        }
    }

    package mutating func reserved(_ name: StaticString) {
        guard let (node, path) = take(name) else { return }
        problems.append(
            Problem(
                "`\(name)` is reserved for a later version", at: path, mark: node.mark,
                hint: "a stage runs in its agent's container"))
    }

    private mutating func finish() {
        guard strict, let members = node.members, members.count > 0 else { return }
        let names = known.map(\.description)
        for member in members where !names.contains(member.key) {
            let near = Suggestion.nearest(to: member.key, among: names)
            problems.append(
                Problem(
                    "unknown field `\(member.key.prefix(64))`", at: path.key(member.key), mark: member.keyMark,
                    hint: near.map { "did you mean `\($0)`?" }
                        ?? "known here: \(names.sorted().joined(separator: ", "))"))
        }
    }
}

extension Node.Value {
    /// What tells a list's items apart.
    fileprivate enum Key: Hashable, CustomStringConvertible {
        case none
        case text(String)
        case number(Int64)

        var description: String {
            switch self {
            case .none: "(none)"
            case .text(let text): "`\(text)`"
            case .number(let number): "\(number)"
            }
        }
    }

    fileprivate var key: Key {
        switch self {
        case .string(let text): .text(text)
        case .int(let number): .number(number)
        case .null, .bool, .double, .array, .object: .none
        }
    }
}
