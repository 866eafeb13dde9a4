import Document
import Glibc
import Testing

/// The page about the protocol and its schemas, as they lie in `docs/`.
enum ProtocolDocument {
    private static let docs = #filePath.split(separator: "/").dropLast(3).map { "/\($0)" }.joined() + "/docs"

    static func text() throws -> String { try read("agent-protocol.md") }

    static func schema(_ name: String) throws -> Node {
        try parseJSON(try read("agent-protocol/\(name).schema.json"))
    }

    /// The messages that have a schema.
    static func schemaNames() throws -> [String] {
        let folder = try #require(opendir("\(docs)/agent-protocol"))
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            // The entry is valid until the next readdir; its name ends in a zero byte.
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name.hasSuffix(".schema.json") { names.append(String(name.dropLast(12))) }
        }
        return names.sorted()
    }

    /// The lines below a heading, up to the next one of the same or a higher rank.
    static func section(_ heading: String) throws -> [Substring] {
        let lines = try text().split(separator: "\n", omittingEmptySubsequences: false)
        let start = try #require(lines.firstIndex(of: heading[...]), "no heading `\(heading)`")
        let rank = heading.prefix { $0 == "#" }.count
        return Array(
            lines[(start + 1)...].prefix { line in
                let own = line.prefix { $0 == "#" }.count
                return own == 0 || own > rank || !line.dropFirst(own).hasPrefix(" ")
            })
    }

    /// The first block of code in a section.
    static func block(_ heading: String, _ language: String) throws -> String {
        let lines = try section(heading)
        let start = try #require(lines.firstIndex(of: "```\(language)"), "no example below `\(heading)`")
        return lines[(start + 1)...].prefix { $0 != "```" }.map { $0 + "\n" }.joined()
    }

    /// The rows of a section's tables, each cell without its back quotes.
    static func rows(_ heading: String) throws -> [[String]] {
        try section(heading).filter { $0.hasPrefix("| ") }.map { line in
            line.dropFirst(2).dropLast(2).split(separator: " | ").map { String($0.filter { $0 != "`" }) }
        }
    }

    private static func read(_ name: String) throws -> String {
        let file = try #require(fopen("\(docs)/\(name)", "r"), "docs/\(name)")
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while case let count = fread(&chunk, 1, chunk.count, file), count > 0 { bytes += chunk[..<count] }
        return String(decoding: bytes, as: UTF8.self)
    }
}
