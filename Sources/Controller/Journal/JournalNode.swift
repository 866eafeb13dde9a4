internal import Document

/// A part of a journal's line, read with errors that name what is missing.
struct JournalNode {
    let node: Node
    let name: String

    init(_ node: Node, name: String) {
        self.node = node
        self.name = name
    }

    func error(_ text: String) -> JournalError { .malformed("`\(name)`: \(text)") }

    func has(_ key: String) -> Bool { node[key] != nil }

    func object(_ key: String) throws(JournalError) -> JournalNode {
        guard let member = node[key] else { throw error("`\(key)` is missing") }
        return JournalNode(member, name: key)
    }

    func text(_ key: String) throws(JournalError) -> String {
        guard let text = node[key]?.string else { throw error("`\(key)` is no text") }
        return text
    }

    func number(_ key: String) throws(JournalError) -> Int64 {
        guard let number = node[key]?.int else { throw error("`\(key)` is no number") }
        return number
    }

    func flag(_ key: String) throws(JournalError) -> Bool {
        guard case .bool(let flag)? = node[key]?.value else { throw error("`\(key)` is neither true nor false") }
        return flag
    }

    func array(_ key: String) throws(JournalError) -> [Node] {
        guard let elements = node[key]?.array else { throw error("`\(key)` is no list") }
        return elements
    }

    func texts(_ key: String) throws(JournalError) -> [String] {
        try array(key).compactMap(\.string)
    }
}

/// Why a journal can't be read on.
package enum JournalError: Error, Equatable, CustomStringConvertible, Sendable {
    case malformed(String)
    case newerFormat(Int)
    /// A step before any header.
    case headless

    package var description: String {
        switch self {
        case .malformed(let problem): "no line of a journal: \(problem)"
        case .newerFormat(let format):
            "written in format \(format) by a newer martlet; this one reads up to \(JournalHeader.format)"
        case .headless: "a step without the line that a journal begins with; was its beginning cut off?"
        }
    }
}
