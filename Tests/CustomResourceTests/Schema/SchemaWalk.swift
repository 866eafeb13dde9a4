import Document
import Model

/// Makes the OpenAPI schema of a record from what `visit` says about its fields.
///
/// The model's bounds are in bytes of UTF-8, the schema's in characters: a text of other than ASCII letters that is
/// within the latter and not the former is accepted by the server, and refused by the controller.
struct SchemaWalk: FieldVisitor {
    /// Where a record stands: what a user writes is looked at more closely than what the controller alone writes.
    enum Area {
        case spec
        case status
    }

    private let record: String
    private let area: Area
    private var properties: [Node.Member] = []
    private var required: [String] = []

    /// - Parameters:
    ///   - description: What the field that holds it is for.
    ///   - isAtomic: Whether it has one owner as a whole. The server then keeps no account of who has set each of its
    ///     fields, which would be a third of a small run, to be read, compared and written with each change.
    static func schema<Value: Fields>(
        of type: Value.Type, in area: Area, description: String? = nil, isAtomic: Bool = false
    ) -> Node {
        var walk = SchemaWalk(record: "\(type)", area: area)
        var value = Value()
        value.visit(&walk)
        var schema = Node.record(description.map { [("description", .text($0))] } ?? [])
        schema.set("type", .text("object"))
        if isAtomic { schema.set("x-kubernetes-map-type", .text("atomic")) }
        if !walk.required.isEmpty { schema.set("required", .words(walk.required)) }
        schema.set("properties", Node(.object(walk.properties)))
        guard area == .spec else { return schema }
        for (key, value) in Tightening.records["\(type)"] ?? [] { schema.set(key, value) }
        let rules = Rule.all["\(type)"] ?? []
        if !rules.isEmpty { schema.set("x-kubernetes-validations", Node(.array(rules.map(\.node)))) }
        return schema
    }

    private init(record: String, area: Area) {
        self.record = record
        self.area = area
    }

    private mutating func add(_ name: StaticString, _ type: String, required isRequired: Bool = false, _ rest: Parts) {
        let key = "\(record).\(name)"
        var schema = Node.record([("description", .text(description(of: key) + Self.end(of: rest)))])
        schema.set("type", .text(type))
        for (key, value) in rest where key != Self.defaultKey { schema.set(key, value) }
        var isRequired = isRequired
        if area == .spec, let tightening = Tightening.fields[key] {
            isRequired = isRequired || tightening.isRequired
            for (key, value) in tightening.parts { schema.set(key, value) }
        }
        if isRequired { required.append(name.description) }
        properties.append(Node.Member(key: name.description, value: schema))
    }

    private func description(of key: String) -> String {
        Descriptions.all[key] ?? "UNDESCRIBED \(key)"
    }

    // A default is told to people and left to the controller: one in the schema would be stored with every object.
    private static let defaultKey = "(default)"

    private static func end(of parts: Parts) -> String {
        parts.first { $0.0 == defaultKey }.map { " Default: \($0.1.string ?? $0.1.json())." } ?? ""
    }

    // MARK: FieldVisitor

    mutating func text(_ name: StaticString, _ value: inout String, _ rule: TextRule) {
        add(name, "string", required: true, rule.parts)
    }

    mutating func text(_ name: StaticString, _ value: inout String?, _ rule: TextRule) {
        add(name, "string", rule.parts)
    }

    mutating func texts(_ name: StaticString, _ value: inout [String], _ rule: TextRule, atMost: Int) {
        addList(name, atMost: atMost, items: .record([("type", .text("string"))] + rule.parts))
    }

    mutating func number(_ name: StaticString, _ value: inout Int, default: Int, in range: ClosedRange<Int>) {
        add(name, "integer", Self.parts(of: range) + [(Self.defaultKey, .number(`default`))])
    }

    mutating func number(_ name: StaticString, _ value: inout Int?, in range: ClosedRange<Int>) {
        add(name, "integer", Self.parts(of: range))
    }

    private static func parts(of range: ClosedRange<Int>) -> Parts {
        let isSmall = range.upperBound <= Int(Int32.max)
        let parts: Parts = [("format", .text(isSmall ? "int32" : "int64")), ("minimum", .number(range.lowerBound))]
        // Bounds are floating-point numbers to the server, which has none for the largest integer.
        return range.upperBound == Int.max ? parts : parts + [("maximum", .number(range.upperBound))]
    }

    mutating func choice<Word: Choice>(_ name: StaticString, _ value: inout Word, default: Word) {
        add(name, "string", [("enum", Self.cases(of: Word.self)), (Self.defaultKey, .text(`default`.rawValue))])
    }

    mutating func requiredChoice<Word: Choice>(_ name: StaticString, _ value: inout Word) {
        add(name, "string", required: true, [("enum", Self.cases(of: Word.self))])
    }

    mutating func choices<Word: Choice>(_ name: StaticString, _ value: inout [Word]) {
        let items = Node.record([("type", .text("string")), ("enum", Self.cases(of: Word.self))])
        addList(name, atMost: Word.allCases.count, items: items, type: "set")
    }

    private static func cases<Word: Choice>(of type: Word.Type) -> Node {
        .words(Word.allCases.map(\.rawValue))
    }

    mutating func time(_ name: StaticString, _ value: inout Timestamp?) {
        add(name, "string", [("format", .text("date-time"))])
    }

    mutating func map(
        _ name: StaticString, _ value: inout StringMap, key: TextRule, value rule: TextRule, atMost: Int
    ) {
        add(name, "object", Self.map(rule, atMost: atMost))
    }

    mutating func maps(
        _ name: StaticString, _ value: inout [StringMap], key: TextRule, value rule: TextRule, atMost: Int
    ) {
        // An empty entry would match everything, which validation refuses.
        let least: Parts = area == .spec ? [("minProperties", .number(1))] : []
        let map = Self.map(rule, atMost: FieldReader.mapLimit)
        let items = Node.record([("type", .text("object"))] + least + map)
        addList(name, atMost: atMost, items: items)
    }

    /// Schemas can't say what keys look like; the controller does.
    private static func map(_ rule: TextRule, atMost: Int) -> Parts {
        [
            ("maxProperties", .number(atMost)),
            ("additionalProperties", .record([("type", .text("string"))] + rule.parts)),
        ]
    }

    mutating func object<Value: Fields>(_ name: StaticString, _ value: inout Value?) {
        addRecord(name, Value.self)
    }

    mutating func requiredObject<Value: Fields>(_ name: StaticString, _ value: inout Value) {
        required.append(name.description)
        addRecord(name, Value.self)
    }

    /// Copies of what the server has looked at where it was written: with each write of a status it would look at, prune
    /// and copy every field of them again.
    private static let copies = ["PipelineRunStatus.pipelineSpec"]

    private mutating func addRecord<Value: Fields>(_ name: StaticString, _ type: Value.Type) {
        let key = "\(record).\(name)"
        if Self.copies.contains(key) {
            return add(name, "object", [("x-kubernetes-preserve-unknown-fields", Node(.bool(true)))])
        }
        let schema = Self.schema(of: type, in: area, description: description(of: key))
        properties.append(Node.Member(key: name.description, value: schema))
    }

    mutating func list<Item: Fields>(
        _ name: StaticString, _ value: inout [Item], atMost: Int, uniqueBy: [StaticString], required: Bool
    ) {
        let items = Self.schema(of: Item.self, in: area)
        // One writer, who writes the whole: nothing in a status is merged but conditions, as everywhere.
        let isMap = !uniqueBy.isEmpty && (area == .spec || name.description == "conditions")
        addList(
            name, atMost: atMost, items: items, type: isMap ? "map" : "atomic",
            keys: isMap ? uniqueBy.map(\.description) : [], required: required)
    }

    private mutating func addList(
        _ name: StaticString, atMost: Int, items: Node, type: String = "atomic", keys: [String] = [],
        required: Bool = false
    ) {
        var parts: Parts = required ? [("minItems", .number(1))] : []
        parts += [("maxItems", .number(atMost)), ("x-kubernetes-list-type", .text(type))]
        if !keys.isEmpty { parts.append(("x-kubernetes-list-map-keys", .words(keys))) }
        add(name, "array", required: required, parts + [("items", items)])
    }

    /// A field that is kept for later is no part of the schema, but for those who try it: nothing matches it, and a
    /// rule says so in words.
    mutating func reserved(_ name: StaticString) {
        guard area == .spec else { return }
        add(name, "string", [("maxLength", .number(256)), ("not", .record([]))])
    }
}

typealias Parts = [(String, Node)]

extension Node {
    static func text(_ text: String) -> Node { Node(.string(text)) }
    static func number(_ number: Int) -> Node { Node(.int(Int64(number))) }
    static func words(_ words: [String]) -> Node { Node(.array(words.map { .text($0) })) }
    static func record(_ parts: Parts) -> Node {
        Node(.object(parts.map { Member(key: $0.0, value: $0.1) }))
    }

    /// Sets a member, where it stands or else at the end.
    mutating func set(_ key: String, _ value: Node) {
        var members = members ?? []
        if let place = members.firstIndex(where: { $0.key == key }) {
            members[place].value = value
        } else {
            members.append(Member(key: key, value: value))
        }
        self.value = .object(members)
    }
}

extension TextRule {
    /// The same as `complaint(about:)`, in the words of a schema.
    fileprivate var parts: Parts {
        var parts: Parts = mayBeEmpty || pattern != nil ? [] : [("minLength", .number(1))]
        parts.append(("maxLength", .number(atMost)))
        if let pattern { parts.append(("pattern", .text(pattern))) }
        return parts
    }

    private var pattern: String? {
        let label = "[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"
        return switch form {
        case .any: nil
        case .dnsLabel: "^\(label)$"
        case .dnsName: "^\(label)(\\.\(label))*$"
        case .identifier: "^[A-Za-z_][A-Za-z0-9_]*$"
        case .word: "^[A-Za-z_][A-Za-z0-9_-]*$"
        // Only ever the form of a key.
        case .labelKey: nil
        case .labelValue: "^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$"
        }
    }
}
