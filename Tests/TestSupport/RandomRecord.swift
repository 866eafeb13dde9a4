package import Model

/// Fills every field of a record with values that its rules allow, the same for the same seed.
package struct RandomRecord: FieldVisitor {
    private var random: SeededGenerator
    /// Whether what may be absent is sometimes left out.
    private let sparse: Bool
    /// The fields that tell the items of the list apart that is being filled.
    private var unique: [String] = []
    private var serial = 0

    package static func make<Value: Fields>(_ type: Value.Type = Value.self, seed: UInt64, sparse: Bool) -> Value {
        var value = Value()
        var filler = RandomRecord(random: SeededGenerator(seed: seed), sparse: sparse)
        value.visit(&filler)
        return value
    }

    private mutating func next() -> UInt64 { random.next() }
    private mutating func below(_ limit: Int) -> Int { random.below(limit) }

    private mutating func isLeftOut() -> Bool {
        sparse && below(3) == 0
    }

    private mutating func pick(_ characters: String, _ count: Int) -> String {
        let all = Array(characters)
        return String((0..<count).map { _ in all[below(all.count)] })
    }

    private mutating func text(_ rule: TextRule) -> String {
        let lower = "abcdefghijklmnopqrstuvwxyz0123456789"
        let length = min(rule.atMost, 20)
        switch rule.form {
        case .any:
            if rule.mayBeEmpty, below(6) == 0 { return "" }
            return pick("ab\"\\/\n\t\r\u{1}é😀 ${}()\u{7F}\u{2028}-:#,0", max(1, length / 4))
        case .dnsLabel, .dnsName: return pick(lower, length)
        case .identifier, .word: return "_" + pick(lower + "_ABC", length - 1)
        case .labelKey: return "example.com/" + pick(lower, 8)
        case .labelValue: return below(6) == 0 ? "" : pick(lower, length)
        }
    }

    private mutating func number(_ range: ClosedRange<Int>) -> Int {
        switch below(4) {
        case 0: range.lowerBound
        case 1: range.upperBound
        default: range.lowerBound + below(min(1_000_000, range.upperBound - range.lowerBound) + 1)
        }
    }

    private mutating func map(_ key: TextRule, _ rule: TextRule, _ limit: Int) -> StringMap {
        var map = StringMap()
        for _ in 0..<min(limit, 1 + below(4)) { map[text(key)] = text(rule) }
        return map
    }

    package mutating func text(_ name: StaticString, _ value: inout String, _ rule: TextRule) {
        value = text(rule)
        guard unique.contains(name.description) else { return }
        serial += 1
        value = (rule.form == .any ? value.prefix(3) + "" : "a") + "\(serial)"
    }

    package mutating func text(_ name: StaticString, _ value: inout String?, _ rule: TextRule) {
        value = isLeftOut() ? nil : text(rule)
    }

    package mutating func texts(_ name: StaticString, _ value: inout [String], _ rule: TextRule, atMost: Int) {
        value = isLeftOut() ? [] : (0..<min(atMost, 1 + below(4))).map { _ in text(rule) }
    }

    package mutating func number(_ name: StaticString, _ value: inout Int, default: Int, in range: ClosedRange<Int>) {
        value = isLeftOut() ? `default` : number(range)
    }

    package mutating func number(_ name: StaticString, _ value: inout Int?, in range: ClosedRange<Int>) {
        value = isLeftOut() ? nil : number(range)
    }

    private mutating func word<Word: Choice>() -> Word? {
        let all = Array(Word.allCases)
        return all[below(all.count)]
    }

    package mutating func choice<Word: Choice>(_ name: StaticString, _ value: inout Word, default: Word) {
        value = isLeftOut() ? `default` : word() ?? `default`
    }

    package mutating func requiredChoice<Word: Choice>(_ name: StaticString, _ value: inout Word) {
        value = word() ?? value
    }

    package mutating func choices<Word: Choice>(_ name: StaticString, _ value: inout [Word]) {
        value = Word.allCases.filter { _ in below(2) == 0 }
    }

    package mutating func time(_ name: StaticString, _ value: inout Timestamp?) {
        // The years 1900 to 2200, every other one without a fraction.
        let seconds = Int64(below(9_467_000_000)) - 2_200_000_000
        let fraction = Int64(below(2) == 0 ? 0 : below(1_000_000))
        value = isLeftOut() ? nil : Timestamp(microseconds: seconds * 1_000_000 + fraction)
    }

    package mutating func map(
        _ name: StaticString, _ value: inout StringMap, key: TextRule, value rule: TextRule, atMost: Int
    ) {
        value = isLeftOut() ? StringMap() : map(key, rule, atMost)
    }

    package mutating func maps(
        _ name: StaticString, _ value: inout [StringMap], key: TextRule, value rule: TextRule, atMost: Int
    ) {
        value = isLeftOut() ? [] : (0..<min(atMost, 1 + below(3))).map { _ in map(key, rule, 4) }
    }

    package mutating func object<Value: Fields>(_ name: StaticString, _ value: inout Value?) {
        guard !isLeftOut() else { return value = nil }
        var record = Value()
        record.visit(&self)
        value = record
    }

    package mutating func requiredObject<Value: Fields>(_ name: StaticString, _ value: inout Value) {
        value.visit(&self)
    }

    package mutating func list<Item: Fields>(
        _ name: StaticString, _ value: inout [Item], atMost: Int, uniqueBy: [StaticString], required: Bool
    ) {
        guard required || !isLeftOut() else { return value = [] }
        let outer = unique
        value = (0..<min(atMost, 1 + below(3))).map { _ in
            var item = Item()
            unique = uniqueBy.map(\.description)
            item.visit(&self)
            return item
        }
        unique = outer
    }

    package mutating func reserved(_ name: StaticString) {}
}
