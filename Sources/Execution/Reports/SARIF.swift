internal import Document

/// Findings in the form that code-scanning services read: SARIF 2.1.0.
package enum SARIF {
    package static func document(of findings: Findings) -> [UInt8] {
        var writer = JSONWriter(reservingCapacity: 16 << 10)
        writer.beginObject()
        writer.member("$schema", "https://json.schemastore.org/sarif-2.1.0.json")
        writer.member("version", "2.1.0")
        writer.key("runs")
        writer.beginArray()
        var tools: [String] = []
        for finding in findings.kept where !tools.contains(finding.tool) { tools.append(finding.tool) }
        if tools.isEmpty { tools = ["martlet"] }
        for tool in tools { write(findings.kept.filter { $0.tool == tool }, of: tool, to: &writer) }
        writer.endArray()
        writer.endObject()
        return writer.bytes
    }

    private static func write(_ findings: [Finding], of tool: String, to writer: inout JSONWriter) {
        var rules: [String] = []
        var seen: Set<String> = []
        for finding in findings where seen.insert(finding.rule).inserted { rules.append(finding.rule) }
        writer.beginObject()
        writer.key("tool")
        writer.beginObject()
        writer.key("driver")
        writer.beginObject()
        writer.member("name", tool)
        writer.key("rules")
        writer.beginArray()
        for rule in rules {
            writer.beginObject()
            writer.member("id", rule)
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
        writer.endObject()
        writer.key("results")
        writer.beginArray()
        for finding in findings { write(finding, to: &writer) }
        writer.endArray()
        writer.endObject()
    }

    private static func write(_ finding: Finding, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("ruleId", finding.rule)
        writer.member("level", finding.level == .notice ? "note" : finding.level.name)
        writer.key("message")
        writer.beginObject()
        writer.member("text", finding.message)
        writer.endObject()
        if !finding.path.isEmpty {
            writer.key("locations")
            writer.beginArray()
            writer.beginObject()
            writer.key("physicalLocation")
            writer.beginObject()
            writer.key("artifactLocation")
            writer.beginObject()
            writer.member("uri", uri(finding.path))
            writer.endObject()
            if let line = finding.line {
                writer.key("region")
                writer.beginObject()
                writer.member("startLine", line)
                writer.member("startColumn", finding.column)
                writer.endObject()
            }
            writer.endObject()
            writer.endObject()
            writer.endArray()
        }
        if let severity = finding.severity {
            writer.key("properties")
            writer.beginObject()
            writer.member("severity", severity.name)
            writer.endObject()
        }
        writer.endObject()
    }

    /// A path as a relative URI.
    private static func uri(_ path: String) -> String {
        var text = ""
        for byte in path.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."),
                UInt8(ascii: "~"), UInt8(ascii: "/"):
                text.unicodeScalars.append(UnicodeScalar(byte))
            default:
                text += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }
        return text
    }
}
