/// A record whose fields are said once, for reading, writing and describing it alike.
///
/// `visit` names every field in order. A `FieldReader` fills them from a document, a `FieldWriter` writes those that
/// differ from their default, so that the two can't drift apart.
package protocol Fields: Sendable {
    init()
    mutating func visit(_ visitor: inout some FieldVisitor)
}

/// A closed set of words, such as `Halt|Continue`.
package protocol Choice: RawRepresentable<String>, CaseIterable, Equatable, Sendable {}

/// What walks over the fields of a record.
package protocol FieldVisitor {
    mutating func text(_ name: StaticString, _ value: inout String, _ rule: TextRule)
    mutating func text(_ name: StaticString, _ value: inout String?, _ rule: TextRule)
    mutating func texts(_ name: StaticString, _ value: inout [String], _ rule: TextRule, atMost: Int)
    mutating func number(_ name: StaticString, _ value: inout Int, default: Int, in range: ClosedRange<Int>)
    mutating func number(_ name: StaticString, _ value: inout Int?, in range: ClosedRange<Int>)
    mutating func choice<Word: Choice>(_ name: StaticString, _ value: inout Word, default: Word)
    mutating func requiredChoice<Word: Choice>(_ name: StaticString, _ value: inout Word)
    mutating func choices<Word: Choice>(_ name: StaticString, _ value: inout [Word])
    mutating func time(_ name: StaticString, _ value: inout Timestamp?)
    mutating func map(_ name: StaticString, _ value: inout StringMap, key: TextRule, value rule: TextRule, atMost: Int)
    mutating func maps(_ name: StaticString, _ value: inout [StringMap], key: TextRule, value: TextRule, atMost: Int)
    mutating func object<Value: Fields>(_ name: StaticString, _ value: inout Value?)
    mutating func requiredObject<Value: Fields>(_ name: StaticString, _ value: inout Value)
    /// A list of records; `uniqueBy` names the fields that together tell its items apart.
    mutating func list<Item: Fields>(
        _ name: StaticString, _ value: inout [Item], atMost: Int, uniqueBy: [StaticString], required: Bool)
    /// A field that the design keeps for later: it may not be used yet.
    mutating func reserved(_ name: StaticString)
}

extension FieldVisitor {
    package mutating func list<Item: Fields>(
        _ name: StaticString, _ value: inout [Item], atMost: Int, uniqueBy: [StaticString] = []
    ) {
        list(name, &value, atMost: atMost, uniqueBy: uniqueBy, required: false)
    }
}

/// What a text may be.
package struct TextRule: Sendable {
    package enum Form: Sendable {
        case any
        /// RFC 1123: lower-case letters, digits and `-`, at most 63, beginning and ending with a letter or digit.
        case dnsLabel
        /// RFC 1123 labels joined by dots, at most 253: the names of Kubernetes objects.
        case dnsName
        /// `[A-Za-z_][A-Za-z0-9_]*`.
        case identifier
        /// A name that may be part of a reference: `[A-Za-z_][A-Za-z0-9_-]*`.
        case word
        /// A Kubernetes label's key, with an optional DNS prefix.
        case labelKey
        /// A Kubernetes label's value.
        case labelValue
    }

    package var form: Form
    /// In UTF-8 bytes.
    package var atMost: Int
    package var mayBeEmpty: Bool

    package init(_ form: Form, atMost: Int, mayBeEmpty: Bool = false) {
        self.form = form
        self.atMost = atMost
        self.mayBeEmpty = mayBeEmpty
    }

    package static let dnsLabel = TextRule(.dnsLabel, atMost: 63)
    package static let dnsName = TextRule(.dnsName, atMost: 253)
    package static let identifier = TextRule(.identifier, atMost: 63)
    package static let word = TextRule(.word, atMost: 63)
    package static let labelKey = TextRule(.labelKey, atMost: 317)
    package static let labelValue = TextRule(.labelValue, atMost: 63, mayBeEmpty: true)
    package static func any(_ atMost: Int) -> TextRule { TextRule(.any, atMost: atMost, mayBeEmpty: true) }
    package static func filled(_ atMost: Int) -> TextRule { TextRule(.any, atMost: atMost) }
}
