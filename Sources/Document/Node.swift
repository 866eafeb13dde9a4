/// A place in a source text, as people count it: the first line and the first column are 1.
package struct Mark: Equatable, Hashable, Sendable {
    package var line: Int
    /// In characters (Unicode scalars), not bytes.
    package var column: Int

    package init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }
}

/// A value read from YAML or JSON, together with where it was written.
///
/// Two nodes are equal when their values are; where they were written doesn't count.
package struct Node: Equatable, Sendable {
    /// What a YAML or JSON document can hold.
    package enum Value: Equatable, Sendable {
        case null
        case bool(Bool)
        case int(Int64)
        case double(Double)
        case string(String)
        case array([Node])
        case object([Member])
    }

    /// One entry of an object, in the order of the source. Keys are unique within an object.
    package struct Member: Equatable, Sendable {
        package var key: String
        package var keyMark: Mark?
        package var value: Node

        package init(key: String, keyMark: Mark? = nil, value: Node) {
            self.key = key
            self.keyMark = keyMark
            self.value = value
        }

        package static func == (left: Self, right: Self) -> Bool {
            left.key == right.key && left.value == right.value
        }
    }

    package var value: Value
    /// Where the value begins; nil when it was not read from a text with positions.
    package var mark: Mark?
    /// A plain YAML scalar as it was written (`3.10`), where its value (`3.1`) no longer shows it.
    package var written: String?

    package init(_ value: Value, mark: Mark? = nil, written: String? = nil) {
        self.value = value
        self.mark = mark
        self.written = written
    }

    package static func == (left: Self, right: Self) -> Bool {
        left.value == right.value
    }

    /// The value of a key, if this is an object that has it.
    package subscript(key: String) -> Node? {
        guard case .object(let members) = value else { return nil }
        return members.first { $0.key == key }?.value
    }

    /// The text, if this is a string.
    package var string: String? {
        if case .string(let text) = value { text } else { nil }
    }

    /// The number, if this is a whole number.
    package var int: Int64? {
        if case .int(let number) = value { number } else { nil }
    }

    /// The elements, if this is an array.
    package var array: [Node]? {
        if case .array(let elements) = value { elements } else { nil }
    }

    /// The entries, if this is an object.
    package var members: [Member]? {
        if case .object(let members) = value { members } else { nil }
    }
}
