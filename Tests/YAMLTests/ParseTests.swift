import Document
import Testing
import YAML

struct ParseTests {
    @Test(arguments: [
        "", "\n", " ", "\u{FEFF}", "# only a comment", "# a\n\n# b\n", "---\n", "---\n---\n", "--- # a\n...\n", "~",
        "null\n", "---\n# a\n---\n", "\r\n\r\n", "%YAML 1.1\n---\n",
    ])
    func `a text without values has no documents and no mistakes`(text: String) {
        #expect(YAML.parse(Array(text.utf8)) == YAMLStream())
    }

    @Test(
        arguments: [
            ("a: 1\n---\nb: 2\n", [#"{"a":1}"#, #"{"b":2}"#]),
            ("---\na: 1\n---\n---\nb: 2\n---\n", [#"{"a":1}"#, #"{"b":2}"#]),
            ("a: 1\n...\n---\nb: 2\n...\n", [#"{"a":1}"#, #"{"b":2}"#]),
            ("--- a\n--- [b]\n--- |\n c\n", [#""a""#, #"["b"]"#, #""c\n""#]),
            ("{\"a\":1}", [#"{"a":1}"#]),
            ("a: 1\r\nb: |\r\n  x\r\n  y\r\n", [#"{"a":1,"b":"x\ny\n"}"#]),
            ("\u{FEFF}a: 1\n", [#"{"a":1}"#]),
            ("a:\tb\t# tabs may separate\n", [#"{"a":"b"}"#]),
            ("a: |2\n  \tb\n", [#"{"a":"\tb\n"}"#]),
        ] as [(String, [String])])
    func `documents are read in order`(text: String, expected: [String]) {
        let stream = YAML.parse(Array(text.utf8))
        #expect(stream.problems == [])
        #expect(stream.documents.map { $0.json() } == expected)
    }

    @Test func `values and keys know where they begin`() throws {
        let text = "\u{FEFF}é: ü\nlist:\r\n  - {k: 'v', 日本: [1]}\n  -\n    deep: |\n      text\nempty:\n"
        let root = try #require(YAML.parse(Array(text.utf8)).documents.first)
        #expect(root.mark == Mark(line: 1, column: 1))
        let members = try #require(root.members)
        #expect(members.map(\.keyMark) == [(1, 1), (2, 1), (7, 1)].map { Mark(line: $0, column: $1) })
        #expect(members.map(\.value.mark) == [(1, 4), (3, 3), (7, 7)].map { Mark(line: $0, column: $1) })
        let list = try #require(members[1].value.array)
        #expect(list.map(\.mark) == [(3, 5), (5, 5)].map { Mark(line: $0, column: $1) })
        #expect(list[0].members?.map(\.keyMark) == [(3, 6), (3, 14)].map { Mark(line: $0, column: $1) })
        #expect(list[0]["k"]?.mark == Mark(line: 3, column: 9))
        #expect(list[1]["deep"]?.mark == Mark(line: 5, column: 11))
    }

    @Test func `what an alias stands for keeps the place where it was written`() throws {
        let root = try #require(YAML.parse(Array("a: &x {b: 1}\nc: *x\nd: {<<: *x}\n".utf8)).documents.first)
        #expect(root["c"]?.mark == Mark(line: 1, column: 4))
        #expect(root["d"]?["b"]?.mark == Mark(line: 1, column: 11))
    }

    @Test(arguments: [
        ("3.10", "3.10"), ("1_000", "1_000"), ("0o755", "0o755"), ("y", "y"), ("~", "~"), ("!!int 07", "07"),
        ("", nil), ("text", nil), ("2001-01-01", nil), ("'3.10'", nil), ("!!str 3.10", nil), ("!!int '7'", nil),
    ])
    func `a plain scalar that isn't a text is kept as it was written`(scalar: String, written: String?) throws {
        let root = try #require(YAML.parse(Array("a: \(scalar)\n".utf8)).documents.first)
        #expect(root["a"]?.written == written)
    }
}
