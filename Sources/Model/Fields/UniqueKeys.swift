import Document

/// What has been seen of the fields that tell a list's items apart.
struct UniqueKeys {
    private let names: [StaticString]
    private var seen: Set<[Key]> = []

    private enum Key: Hashable, CustomStringConvertible {
        case none
        case text(String)
        case number(Int64)

        init(_ node: Node?) {
            switch node?.value {
            case .string(let text): self = .text(text)
            case .int(let number): self = .number(number)
            case .null, .bool, .double, .array, .object, nil: self = .none
            }
        }

        var description: String {
            switch self {
            case .none: "(none)"
            case .text(let text): "`\(text.shown())`"
            case .number(let number): "\(number)"
            }
        }
    }

    /// No names: nothing has to be unique.
    init(names: [StaticString]) {
        self.names = names
    }

    /// The problem with an item that comes after one with the same key.
    mutating func problem(with item: Node, at path: FieldPath) -> Problem? {
        guard !names.isEmpty else { return nil }
        let key = names.map { Key(item[$0.description]) }
        guard key.contains(where: { $0 != .none }), !seen.insert(key).inserted else { return nil }
        let fields = names.map(\.description).joined(separator: " and ")
        return Problem(
            "another item has the same \(fields) \(key.map(\.description).joined(separator: ", "))", at: path,
            mark: item[names[0].description]?.mark ?? item.mark, hint: "\(fields) must be unique in this list")
    }
}
