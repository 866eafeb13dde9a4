import Document
import Model

/// Describes a record as a JSON Schema, by walking over the fields that it is read and written by.
///
/// Lengths are the record's own, which count bytes where JSON Schema counts characters: what a record takes, its schema
/// takes too.
struct SchemaDescription: FieldVisitor {
    private var properties: [Node.Member] = []
    private var required: [String] = []

    static func of<Value: Fields>(_ type: Value.Type = Value.self) -> Node {
        var description = SchemaDescription()
        var value = Value()
        value.visit(&description)
        return .schema(properties: description.properties, required: description.required)
    }

    /// `<run UID>/<stage>/<attempt>`, where the records themselves only bound a text.
    static let fence = Node.object(
        ("type", "string"), ("minLength", 1), ("maxLength", 253),
        ("pattern", #"^[^/\u0000]+/[^\u0000]+/[1-9][0-9]{0,17}$"#))

    static func text(_ rule: TextRule) -> Node {
        let label = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
        let name = "[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?"
        let pattern =
            switch rule.form {
            case .any: #"^[^\u0000]*$"#
            case .dnsLabel: "^\(label)$"
            case .dnsName: #"^\#(label)(\.\#(label))*$"#
            case .identifier: "^[A-Za-z_][A-Za-z0-9_]*$"
            case .word: "^[A-Za-z_][A-Za-z0-9_-]*$"
            case .labelKey: #"^(\#(label)(\.\#(label))*/)?\#(name)$"#
            case .labelValue: "^(\(name))?$"
            }
        var members: [(String, Node)] = [("type", "string")]
        if !rule.mayBeEmpty { members.append(("minLength", 1)) }
        members += [("maxLength", .number(rule.atMost)), ("pattern", .text(pattern))]
        return .object(members)
    }

    private static func integer(_ range: ClosedRange<Int>) -> [(String, Node)] {
        var members: [(String, Node)] = [("type", "integer"), ("minimum", .number(range.lowerBound))]
        // No bound at all, and more than JSON's numbers hold in most languages.
        if range.upperBound != .max { members.append(("maximum", .number(range.upperBound))) }
        return members
    }

    private static func words<Word: Choice>(_ type: Word.Type) -> [(String, Node)] {
        [("type", "string"), ("enum", Node(.array(Word.allCases.map { .text($0.rawValue) })))]
    }

    private static func map(_ key: TextRule, _ rule: TextRule, _ limit: Int) -> Node {
        .object(
            ("type", "object"), ("maxProperties", .number(limit)), ("propertyNames", text(key)),
            ("additionalProperties", text(rule)))
    }

    private mutating func add(_ name: StaticString, _ schema: Node, isRequired: Bool = false) {
        properties.append(Node.Member(key: name.description, value: schema))
        if isRequired { required.append(name.description) }
    }

    mutating func text(_ name: StaticString, _ value: inout String, _ rule: TextRule) {
        add(name, name.description == "fence" ? Self.fence : Self.text(rule), isRequired: true)
    }

    mutating func text(_ name: StaticString, _ value: inout String?, _ rule: TextRule) {
        add(name, Self.text(rule))
    }

    mutating func texts(_ name: StaticString, _ value: inout [String], _ rule: TextRule, atMost: Int) {
        add(name, .object(("type", "array"), ("maxItems", .number(atMost)), ("items", Self.text(rule))))
    }

    mutating func number(_ name: StaticString, _ value: inout Int, default: Int, in range: ClosedRange<Int>) {
        add(name, .object(Self.integer(range) + [("default", .number(`default`))]))
    }

    mutating func number(_ name: StaticString, _ value: inout Int?, in range: ClosedRange<Int>) {
        add(name, .object(Self.integer(range)))
    }

    mutating func choice<Word: Choice>(_ name: StaticString, _ value: inout Word, default: Word) {
        add(name, .object(Self.words(Word.self) + [("default", .text(`default`.rawValue))]))
    }

    mutating func requiredChoice<Word: Choice>(_ name: StaticString, _ value: inout Word) {
        add(name, .object(Self.words(Word.self)), isRequired: true)
    }

    mutating func choices<Word: Choice>(_ name: StaticString, _ value: inout [Word]) {
        add(
            name,
            .object(
                ("type", "array"), ("maxItems", .number(Word.allCases.count)),
                ("items", .object(Self.words(Word.self)))))
    }

    mutating func time(_ name: StaticString, _ value: inout Timestamp?) {
        add(name, .time)
    }

    mutating func map(_ name: StaticString, _ value: inout StringMap, key: TextRule, value rule: TextRule, atMost: Int)
    {
        add(name, Self.map(key, rule, atMost))
    }

    mutating func maps(
        _ name: StaticString, _ value: inout [StringMap], key: TextRule, value rule: TextRule, atMost: Int
    ) {
        add(name, .object(("type", "array"), ("maxItems", .number(atMost)), ("items", Self.map(key, rule, 16))))
    }

    mutating func object<Value: Fields>(_ name: StaticString, _ value: inout Value?) {
        add(name, Self.of(Value.self))
    }

    mutating func requiredObject<Value: Fields>(_ name: StaticString, _ value: inout Value) {
        add(name, Self.of(Value.self), isRequired: true)
    }

    mutating func list<Item: Fields>(
        _ name: StaticString, _ value: inout [Item], atMost: Int, uniqueBy: [StaticString], required: Bool
    ) {
        var members: [(String, Node)] = [("type", "array")]
        if required { members.append(("minItems", 1)) }
        members += [("maxItems", .number(atMost)), ("items", Self.of(Item.self))]
        add(name, .object(members), isRequired: required)
    }

    mutating func reserved(_ name: StaticString) {}
}

// Schemas are written as literals.
extension Node: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral {
    package init(stringLiteral value: String) { self.init(.string(value)) }
    package init(integerLiteral value: Int64) { self.init(.int(value)) }
}

extension Node {
    static func text(_ text: String) -> Node { Node(.string(text)) }
    static func number(_ number: Int) -> Node { Node(.int(Int64(number))) }

    static func object(_ members: [(String, Node)]) -> Node {
        Node(.object(members.map { Member(key: $0.0, value: $0.1) }))
    }

    static func object(_ members: (String, Node)...) -> Node { object(members) }

    static let time = Node.object(("type", "string"), ("format", "date-time"))

    /// An object that may have further members: a newer side may say more.
    static func schema(properties: [Member], required: [String]) -> Node {
        var members: [(String, Node)] = [("type", "object"), ("properties", Node(.object(properties)))]
        if !required.isEmpty { members.append(("required", Node(.array(required.map { .text($0) })))) }
        return .object(members)
    }

    /// Every leaf with its path, the same for objects whose members stand in another order.
    func leaves(_ path: String = "") -> [String] {
        switch value {
        case .object(let members) where !members.isEmpty:
            members.flatMap { $0.value.leaves("\(path)/\($0.key)") }.sorted()
        case .array(let elements) where path.hasSuffix("/required"):
            elements.map { "\(path)/\($0.string ?? $0.json())" }.sorted()
        case .array(let elements) where !elements.isEmpty:
            elements.enumerated().flatMap { $0.element.leaves("\(path)/\($0.offset)") }
        default: ["\(path) = \(json())"]
        }
    }
}
