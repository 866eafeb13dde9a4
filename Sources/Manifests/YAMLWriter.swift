package import Document
package import Model

/// Writes YAML for people: block style, two spaces, quotes only where a text would mean something else.
///
/// What it writes reads back as the same values, by YAML 1.1 (kubectl) and 1.2 alike.
package struct YAMLWriter {
    private var text = ""
    private let comments: [FieldPath: String]

    /// - Parameter comments: Lines to put before the value at a path, in a list or an object, without `# `.
    package static func text(of node: Node, comments: [FieldPath: String] = [:]) -> String {
        var writer = YAMLWriter(comments: comments)
        switch node.value {
        case .array(let elements) where !elements.isEmpty: writer.write(elements, "", FieldPath())
        case .object(let members) where !members.isEmpty: writer.write(members, "", FieldPath())
        default: writer.text = writer.inline(node, "") + "\n"
        }
        return writer.text
    }

    private init(comments: [FieldPath: String]) {
        self.comments = comments
    }

    private mutating func write(_ members: [Node.Member], _ indentation: String, _ path: FieldPath) {
        for (place, member) in members.enumerated() {
            // The first of an object in a list stands behind the dash.
            let path = path.key(member.key)
            writeComment(path, indentation)
            if place > 0 || !text.hasSuffix("- ") { text += indentation }
            text += Self.scalar(member.key) + ":"
            writeValue(member.value, indentation, path)
        }
    }

    private mutating func write(_ elements: [Node], _ indentation: String, _ path: FieldPath) {
        for (place, element) in elements.enumerated() {
            let path = path.index(place)
            writeComment(path, indentation)
            if place > 0 || !text.hasSuffix("- ") { text += indentation }
            text += "- "
            switch element.value {
            case .array(let inner) where !inner.isEmpty: write(inner, indentation + "  ", path)
            case .object(let inner) where !inner.isEmpty: write(inner, indentation + "  ", path)
            default: text += inline(element, indentation) + "\n"
            }
        }
    }

    private mutating func writeValue(_ node: Node, _ indentation: String, _ path: FieldPath) {
        switch node.value {
        case .array(let elements) where !elements.isEmpty && !Self.isShort(elements):
            text += "\n"
            write(elements, indentation + "  ", path)
        case .object(let members) where !members.isEmpty:
            text += "\n"
            write(members, indentation + "  ", path)
        default: text += " " + inline(node, indentation) + "\n"
        }
    }

    private mutating func writeComment(_ path: FieldPath, _ indentation: String) {
        guard let comment = comments[path], !text.hasSuffix("- ") else { return }
        text += "\(indentation)# \(comment.shown(200))\n"
    }

    /// A value that begins on the line of its key or dash.
    private func inline(_ node: Node, _ indentation: String) -> String {
        switch node.value {
        case .null: "null"
        case .bool(let flag): flag ? "true" : "false"
        case .int(let number): String(number)
        case .double: node.json()
        case .string(let string): Self.block(string, indentation + "  ") ?? Self.scalar(string)
        case .array(let elements): "[" + elements.map { inline($0, "") }.joined(separator: ", ") + "]"
        case .object: "{}"
        }
    }

    /// A list of a few plain words fits on one line.
    private static func isShort(_ elements: [Node]) -> Bool {
        var length = 0
        for element in elements {
            guard let string = element.string, !string.utf8.contains(UInt8(ascii: "\n")) else { return false }
            length += string.utf8.count + 2
        }
        return length <= 80
    }

    /// A text of several lines as it is, `|`; nil where that could not say it.
    private static func block(_ string: String, _ indentation: String) -> String? {
        let lines = string.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count > 1, let first = lines.first?.unicodeScalars.first, first != " ", first != "\t",
            string.unicodeScalars.allSatisfy({ $0 == "\n" || isPrintable($0) })
        else { return nil }
        let endsLine = string.hasSuffix("\n")
        let content = endsLine ? lines.dropLast() : lines[...]
        // More empty lines at the end would need another way to say so, and blanks on them would be lost.
        guard let last = content.last, !last.allSatisfy({ $0 == " " }) else { return nil }
        return (endsLine ? "|" : "|-")
            + content.map { $0.isEmpty ? "\n" : "\n\(indentation)\($0)" }.joined()
    }

    /// A text on one line: plain where it can't be taken for anything else, else in double quotes.
    static func scalar(_ string: String) -> String {
        isPlain(string) ? string : quoted(string)
    }

    private static let words: Set<String> = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"]

    private static func isPlain(_ string: String) -> Bool {
        guard let first = string.utf8.first, string.utf8.count <= 128 else { return false }
        // Nothing that begins with a letter (or a path's slash) and goes on in these is a number, a date or syntax.
        let startsWell =
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(first)
            || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(first) || first == UInt8(ascii: "/")
        return startsWell && !words.contains(string.lowercased())
            && string.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"):
                    true
                default: "_-./".utf8.contains(byte)
                }
            }
    }

    private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x20...0x7E, 0xA0...0x2027, 0x202A...0xD7FF, 0xE000...0xFEFE, 0xFF00...0xFFFD, 0x10000...0x10FFFF: true
        default: scalar == "\t"
        }
    }

    private static func quoted(_ string: String) -> String {
        var text = "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\t": text += "\\t"
            case "\r": text += "\\r"
            case _ where isPrintable(scalar): text.unicodeScalars.append(scalar)
            default:
                let digits = String(scalar.value, radix: 16, uppercase: true)
                text += "\\u" + String(repeating: "0", count: max(0, 4 - digits.utf8.count)) + digits
            }
        }
        return text + "\""
    }
}
