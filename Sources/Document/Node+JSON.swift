extension Node {
    /// This value as compact JSON.
    package func json() -> String {
        var writer = JSONWriter()
        writer.node(self)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    /// This value as JSON for people: two spaces of indentation, no newline at the end.
    package func prettyJSON() -> String {
        var output = ""
        appendPretty(to: &output, indentation: "\n")
        return output
    }

    private func appendPretty(to output: inout String, indentation: String) {
        let inner = indentation + "  "
        switch value {
        case .array(let elements) where !elements.isEmpty:
            output += "["
            for (index, element) in elements.enumerated() {
                output += (index == 0 ? "" : ",") + inner
                element.appendPretty(to: &output, indentation: inner)
            }
            output += indentation + "]"
        case .object(let members) where !members.isEmpty:
            output += "{"
            for (index, member) in members.enumerated() {
                output += (index == 0 ? "" : ",") + inner + Node(.string(member.key)).json() + ": "
                member.value.appendPretty(to: &output, indentation: inner)
            }
            output += indentation + "}"
        default:
            output += json()
        }
    }
}
