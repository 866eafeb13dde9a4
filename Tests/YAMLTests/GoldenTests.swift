import Document
import Testing
import YAML

/// Manifests beside what the real kubectl printed of them; `Golden/make.sh` says how.
struct GoldenTests {
    @Test(arguments: [
        "scalars", "keys", "structure", "documents", "crlf", "bom", "utf16le", "utf16be",
    ])
    func `a manifest means what kubectl makes of it`(name: String) throws {
        let read = try YAML.parse(path: Folder.golden + name + ".yaml")
        #expect(read.problems == [])
        let printed = try #require(try parseJSON(try YAML.read(path: Folder.golden + name + ".json")).array)
        #expect(read.documents.count == printed.count)
        for (document, expected) in zip(read.documents, printed) {
            for difference in differences(document, expected, at: "") { Issue.record("\(difference)") }
        }
    }

    /// Compares by value, entries in any order, and names each place that differs.
    private func differences(_ node: Node, _ expected: Node, at path: String) -> [String] {
        switch (node.value, expected.value) {
        case (.object(let members), .object(let others)):
            let keys = members.map(\.key).sorted()
            guard keys == others.map(\.key).sorted() else {
                return ["\(path): the keys are \(keys), and should be \(others.map(\.key).sorted())"]
            }
            return members.flatMap { member in
                expected[member.key].map { differences(member.value, $0, at: "\(path)/\(member.key)") } ?? []
            }
        case (.array(let elements), .array(let others)) where elements.count == others.count:
            return zip(elements, others).enumerated().flatMap { index, pair in
                differences(pair.0, pair.1, at: "\(path)/\(index)")
            }
        case (let value, let other) where value == other: return []
        case (.double(let number), .int(let other)) where number == Double(other): return []
        default: return ["\(path) (\(node.written ?? "")): it is \(node.json()), and should be \(expected.json())"]
        }
    }
}

enum Folder {
    /// The sources lie beside the tests, so that no bundle, and with it Foundation, is needed.
    static let golden = #filePath.split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 } + "/Golden/"
}
