/// A reference of Martlet's in a text in which references are not replaced.
struct ScriptReference: Equatable {
    /// What stands between `$(` and `)`.
    var text: String
    /// From 1, within the text.
    var line: Int

    static func first(in text: String) -> ScriptReference? {
        all(in: text, atMost: 1).first
    }

    /// Finds what can only be meant as a reference, and leaves the shell's own alone.
    ///
    /// `$(date)`, `$(run.sh)` and `$((1 + 2))` are the shell's. So is what is escaped from it: `\$(params.x)`, and
    /// `$$(params.x)`, whose first `$` a reference would not have.
    static func all(in text: String, atMost limit: Int = .max) -> [ScriptReference] {
        let bytes = text.utf8
        guard bytes.contains(UInt8(ascii: "$")) else { return [] }
        var found: [ScriptReference] = []
        var line = 1
        var isEscaped = false
        var place = bytes.startIndex
        while place != bytes.endIndex, found.count < limit {
            let byte = bytes[place]
            let next = bytes.index(after: place)
            switch byte {
            case UInt8(ascii: "\n"): line += 1
            case UInt8(ascii: "$") where !isEscaped:
                if let reference = reference(after: bytes[next...]) {
                    found.append(ScriptReference(text: reference, line: line))
                }
            default: break
            }
            // A backslash or a `$` takes the next character's meaning away, unless it has lost its own.
            isEscaped = (byte == UInt8(ascii: "\\") || byte == UInt8(ascii: "$")) && !isEscaped
            place = next
        }
        return found
    }

    private static func reference(after dollar: Substring.UTF8View) -> String? {
        guard dollar.first == UInt8(ascii: "(") else { return nil }
        let inner = dollar.dropFirst().prefix { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."):
                true
            default: false
            }
        }
        guard inner.endIndex != dollar.endIndex, dollar[inner.endIndex] == UInt8(ascii: ")") else { return nil }
        let text = String(Substring(inner))
        switch text.split(separator: ".", omittingEmptySubsequences: false).first {
        case "params", "stages", "matrix": return text.utf8.contains(UInt8(ascii: ".")) ? text : nil
        // `run.sh` and `source.sh` are likely names of programs: only the known fields are references.
        case "run", "source":
            if case .success = Reference.parse(text) { return text }
            return nil
        default: return nil
        }
    }
}
