package import Document

/// Fills a record from a document and notes everything that is wrong with it, with its place.
///
/// Strict where a person wrote the document (unknown fields are errors, with a "did you mean"), lenient where
/// a newer or older Martlet did (a status).
///
/// One reader walks down the whole document and back up: paths, which only problems need, are put together when there
/// is a problem.
package struct FieldReader: FieldVisitor {
    /// The most entries of each map in a list of maps.
    package static let mapLimit = 16

    package private(set) var problems: [Problem] = []
    private let strict: Bool
    /// The record that is being filled, and where it is.
    private var record: Record
    private var path: FieldPath

    private struct Record {
        var members: [Node.Member]
        var mark: Mark?
        /// Where the search for the next field begins: just behind the last one found, since documents mostly keep the
        /// order in which a record names its fields.
        var next = 0
        /// The fields that the record has named; kept only where unknown ones are looked for.
        var known: [StaticString] = []
        /// Those of them that may not be used yet, and so are never suggested.
        var reserved: [StaticString] = []
    }

    /// Reads a record; the value is usable only where there is no problem of severity `error`.
    package static func read<Value: Fields>(
        _ type: Value.Type = Value.self, from node: Node, at path: FieldPath = FieldPath(), strict: Bool = true
    ) -> (value: Value, problems: [Problem]) {
        var reader = FieldReader(at: path, strict: strict)
        let value: Value = reader.record(node)
        return (value, reader.problems)
    }

    private init(at path: FieldPath, strict: Bool) {
        self.path = path
        self.strict = strict
        record = Record(members: [], mark: nil)
    }

    private mutating func record<Value: Fields>(_ node: Node) -> Value {
        var value = Value()
        guard let members = node.members else {
            problems.append(.mismatch("an object", node, path))
            return value
        }
        let outer = record
        record = Record(members: members, mark: node.mark)
        value.visit(&self)
        if strict { reportUnknownFields() }
        record = outer
        return value
    }

    /// The value of a field. An explicit null is the same as an absent field, as it is to the API server.
    private mutating func take(_ name: StaticString) -> Node? {
        if strict { record.known.append(name) }
        var place = record.next
        for _ in 0..<record.members.count {
            if place >= record.members.count { place = 0 }
            if name.equals(record.members[place].key) {
                record.next = place + 1
                let node = record.members[place].value
                if case .null = node.value { return nil }
                return node
            }
            place += 1
        }
        return nil
    }

    // MARK: Problems

    /// A value's place below the record.
    private enum Place {
        case field(StaticString)
        case element(StaticString, Int)
        case entry(StaticString, String)
        case elementEntry(StaticString, Int, String)
    }

    private func path(of place: Place) -> FieldPath {
        switch place {
        case .field(let name): path.key(name.description)
        case .element(let name, let index): path.key(name.description).index(index)
        case .entry(let name, let key): path.key(name.description).key(key)
        case .elementEntry(let name, let index, let key): path.key(name.description).index(index).key(key)
        }
    }

    private mutating func report(_ message: String, _ node: Node, _ place: Place, hint: String? = nil) {
        problems.append(Problem(message, at: path(of: place), mark: node.mark, hint: hint))
    }

    private mutating func mismatch(_ wanted: String, _ node: Node, _ place: Place) {
        problems.append(.mismatch(wanted, node, path(of: place)))
    }

    private mutating func missing(_ name: StaticString) {
        problems.append(Problem("`\(name)` is missing", at: path, mark: record.mark, hint: "add `\(name):`"))
    }

    private mutating func reportUnknownFields() {
        let names = record.known
        var next = 0
        for member in record.members {
            // Documents mostly keep the order of the fields, so that each is found close behind the last.
            if let place = names[next...].firstIndex(where: { $0.equals(member.key) })
                ?? names[..<next].firstIndex(where: { $0.equals(member.key) })
            {
                next = place
                continue
            }
            let reserved = record.reserved.map(\.description)
            let known = names.map(\.description).filter { !reserved.contains($0) }
            let near = Suggestion.nearest(to: member.key, among: known)
            problems.append(
                Problem(
                    "unknown field `\(member.key.shown())`", at: path.key(member.key), mark: member.keyMark,
                    hint: near.map { "did you mean `\($0)`?" }
                        ?? "known here: \(known.sorted().joined(separator: ", "))"))
        }
    }

    // MARK: Single values

    private mutating func text(_ node: Node, _ rule: TextRule, _ place: Place) -> String? {
        guard let text = node.string else {
            mismatch("a text", node, place)
            return nil
        }
        if let complaint = rule.complaint(about: text) { report(complaint, node, place) }
        return text
    }

    private mutating func number(_ name: StaticString, in range: ClosedRange<Int>) -> Int? {
        guard let node = take(name) else { return nil }
        guard let number = node.int else {
            mismatch("a whole number", node, .field(name))
            return nil
        }
        guard let value = Int(exactly: number), range.contains(value) else {
            let wanted =
                range.upperBound == Int.max
                ? "at least \(range.lowerBound)" : "between \(range.lowerBound) and \(range.upperBound)"
            report("must be \(wanted), but is \(number)", node, .field(name))
            return nil
        }
        return value
    }

    private mutating func word<Word: Choice>(_ node: Node, _ place: Place) -> Word? {
        guard let text = node.string else {
            mismatch("a text", node, place)
            return nil
        }
        if let word = Word(rawValue: text) { return word }
        let words = Word.allCases.map(\.rawValue)
        let near = Suggestion.nearest(to: text, among: words)
        report(
            "\"\(text.shown())\" is not one of \(words.joined(separator: ", "))", node, place,
            hint: near.map { "did you mean `\($0)`?" })
        return nil
    }

    private mutating func elements(_ name: StaticString, atMost limit: Int) -> [Node]? {
        guard let node = take(name) else { return nil }
        guard let elements = node.array else {
            mismatch("a list", node, .field(name))
            return nil
        }
        guard elements.count <= limit else {
            report("has \(elements.count) items; at most \(limit) are allowed", node, .field(name))
            return nil
        }
        return elements
    }

    private mutating func map(
        _ node: Node, key rule: TextRule, value valueRule: TextRule, atMost limit: Int, _ place: Place,
        entry: (String) -> Place
    ) -> StringMap? {
        guard let members = node.members else {
            mismatch("an object", node, place)
            return nil
        }
        guard members.count <= limit else {
            report("has \(members.count) entries; at most \(limit) are allowed", node, place)
            return nil
        }
        var map = StringMap()
        for member in members {
            if let complaint = rule.complaint(about: member.key) {
                problems.append(
                    Problem("the key \(complaint)", at: path(of: entry(member.key)), mark: member.keyMark))
            }
            if let text = text(member.value, valueRule, entry(member.key)) { map[member.key] = text }
        }
        return map
    }

    // MARK: FieldVisitor

    package mutating func text(_ name: StaticString, _ value: inout String, _ rule: TextRule) {
        guard let node = take(name) else { return missing(name) }
        value = text(node, rule, .field(name)) ?? value
    }

    package mutating func text(_ name: StaticString, _ value: inout String?, _ rule: TextRule) {
        guard let node = take(name) else { return }
        value = text(node, rule, .field(name))
    }

    package mutating func texts(_ name: StaticString, _ value: inout [String], _ rule: TextRule, atMost: Int) {
        guard let elements = elements(name, atMost: atMost) else { return }
        value = []
        value.reserveCapacity(elements.count)
        for (place, element) in elements.enumerated() {
            if let text = text(element, rule, .element(name, place)) { value.append(text) }
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
        guard let node = take(name) else { return value = `default` }
        value = word(node, .field(name)) ?? `default`
    }

    package mutating func requiredChoice<Word: Choice>(_ name: StaticString, _ value: inout Word) {
        guard let node = take(name) else { return missing(name) }
        value = word(node, .field(name)) ?? value
    }

    package mutating func choices<Word: Choice>(_ name: StaticString, _ value: inout [Word]) {
        guard let elements = elements(name, atMost: Word.allCases.count) else { return }
        value = []
        for (place, element) in elements.enumerated() {
            guard let word: Word = word(element, .element(name, place)) else { continue }
            if value.contains(word) {
                report("`\(word.rawValue)` is listed twice", element, .element(name, place))
            } else {
                value.append(word)
            }
        }
    }

    package mutating func time(_ name: StaticString, _ value: inout Timestamp?) {
        guard let node = take(name) else { return }
        guard let text = node.string, let time = Timestamp(text) else {
            return mismatch("a time such as 2026-11-22T10:15:00Z", node, .field(name))
        }
        value = time
    }

    package mutating func map(
        _ name: StaticString, _ value: inout StringMap, key: TextRule, value rule: TextRule, atMost: Int
    ) {
        guard let node = take(name) else { return }
        value = map(node, key: key, value: rule, atMost: atMost, .field(name)) { .entry(name, $0) } ?? value
    }

    package mutating func maps(
        _ name: StaticString, _ value: inout [StringMap], key: TextRule, value rule: TextRule, atMost: Int
    ) {
        guard let elements = elements(name, atMost: atMost) else { return }
        value = []
        for (place, element) in elements.enumerated() {
            let map = map(element, key: key, value: rule, atMost: Self.mapLimit, .element(name, place)) {
                .elementEntry(name, place, $0)
            }
            if let map { value.append(map) }
        }
    }

    package mutating func object<Value: Fields>(_ name: StaticString, _ value: inout Value?) {
        guard let node = take(name) else { return }
        path.steps.append(.key(name.description))
        value = record(node)
        path.steps.removeLast()
    }

    package mutating func requiredObject<Value: Fields>(_ name: StaticString, _ value: inout Value) {
        guard let node = take(name) else { return missing(name) }
        path.steps.append(.key(name.description))
        value = record(node)
        path.steps.removeLast()
    }

    package mutating func list<Item: Fields>(
        _ name: StaticString, _ value: inout [Item], atMost: Int, uniqueBy: [StaticString], required: Bool
    ) {
        let problemsBefore = problems.count
        guard let elements = elements(name, atMost: atMost) else {
            if required, problems.count == problemsBefore { missing(name) }
            return
        }
        if required, elements.isEmpty {
            problems.append(
                Problem(
                    "must have at least one item", at: path(of: .field(name)),
                    mark: record.members.first { name.equals($0.key) }?.value.mark))
        }
        value = []
        value.reserveCapacity(elements.count)
        var seen = UniqueKeys(names: strict ? uniqueBy : [])
        for (place, element) in elements.enumerated() {
            path.steps.append(.key(name.description))
            path.steps.append(.index(place))
            value.append(record(element))
            if let problem = seen.problem(with: element, at: path) { problems.append(problem) }
            path.steps.removeLast(2)
        }
    }

    package mutating func reserved(_ name: StaticString) {
        if strict { record.reserved.append(name) }
        guard let node = take(name) else { return }
        report(
            "`\(name)` is reserved for a later version", node, .field(name),
            hint: "a stage runs in its agent's container")
    }
}

extension StaticString {
    /// Whether this is the same text, byte by byte, without making a String of it.
    fileprivate func equals(_ text: String) -> Bool {
        let bytes = text.utf8.span
        guard bytes.count == utf8CodeUnitCount else { return false }
        // The static bytes are only read while the closure runs.
        return withUTF8Buffer { own in
            for place in bytes.indices where own[place] != bytes[place] { return false }
            return true
        }
    }
}
