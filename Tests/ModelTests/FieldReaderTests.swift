import Document
import Model
import Testing

@Suite struct FieldReaderTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var json: String
        var expect: [String]

        init(_ name: String, _ json: String, _ expect: String...) {
            testDescription = name
            self.json = json
            self.expect = expect
        }
    }

    static let base = #""title":"t","shade":"Red","items":[{"name":"a"}]"#

    @Test(arguments: [
        Case("a document that is right has no problems", "{\(base)}"),
        Case("an explicit null is an absent field", #"{\#(base),"note":null,"count":null,"item":null}"#),
        Case(
            "no object at all", "[]", "f:1:1: error: must be an object, but is a list"),
        Case(
            "required fields", "{}",
            "f:1:1: error: `title` is missing (add `title:`)", "f:1:1: error: `shade` is missing (add `shade:`)",
            "f:1:1: error: `items` is missing (add `items:`)"),
        Case(
            "a required field that is null", #"{"title":null,"shade":"Red","items":null}"#,
            "f:1:1: error: `title` is missing (add `title:`)", "f:1:1: error: `items` is missing (add `items:`)"),
        Case(
            "a required list that is empty", #"{"title":"t","shade":"Red","items":[]}"#,
            "f:1:36: error: items: must have at least one item"),
        Case(
            "a number where a text is wanted", #"{\#(base),"note":3}"#,
            "f:1:58: error: note: must be a text, but is the number `3` (quote it)"),
        Case(
            "a boolean where a text is wanted", #"{\#(base),"note":true}"#,
            "f:1:58: error: note: must be a text, but is the boolean `true` (quote it)"),
        Case(
            "an object where a text is wanted", #"{\#(base),"note":{}}"#,
            "f:1:58: error: note: must be a text, but is an object"),
        Case(
            "a text that is too long", #"{\#(base),"note":"12345678901"}"#,
            "f:1:58: error: note: is 11 bytes long; at most 10 are allowed"),
        Case(
            "an empty text", #"{"title":"","shade":"Red","items":[{"name":"a"}]}"#,
            "f:1:10: error: title: must not be empty"),
        Case(
            "a NUL", #"{\#(base),"note":"\u0000"}"#, "f:1:58: error: note: must not hold a NUL byte"),
        Case(
            "a text where a number is wanted", #"{\#(base),"count":"3"}"#,
            "f:1:59: error: count: must be a whole number, but is the text \"3\" (write it without quotes: 3)"),
        Case(
            "a fraction where a whole number is wanted", #"{\#(base),"count":3.5}"#,
            "f:1:59: error: count: must be a whole number, but is the number `3.5`"),
        Case(
            "a number below its bounds", #"{\#(base),"count":0}"#,
            "f:1:59: error: count: must be between 1 and 5, but is 0"),
        Case(
            "a number without an upper bound", #"{\#(base),"limit":-1}"#,
            "f:1:59: error: limit: must be at least 0, but is -1"),
        Case(
            "a word that is nearly right", #"{\#(base),"color":"gren"}"#,
            "f:1:59: error: color: \"gren\" is not one of Red, Green (did you mean `Green`?)"),
        Case(
            "a word that is nothing like it", #"{\#(base),"color":"mauve-ish"}"#,
            "f:1:59: error: color: \"mauve-ish\" is not one of Red, Green"),
        Case(
            "a word twice", #"{\#(base),"colors":["Red","Red"]}"#,
            "f:1:67: error: colors[1]: `Red` is listed twice"),
        Case(
            "a text where a list is wanted", #"{\#(base),"tags":"a"}"#,
            "f:1:58: error: tags: must be a list, but is the text \"a\" (write it as a list: [a])"),
        Case(
            "an object where a list is wanted", #"{"title":"t","shade":"Red","items":{}}"#,
            "f:1:36: error: items: must be a list, but is an object (begin each item with `- `)"),
        Case(
            "too many items", #"{\#(base),"tags":["a","b","c"]}"#,
            "f:1:58: error: tags: has 3 items; at most 2 are allowed"),
        Case(
            "an item that breaks its rule", #"{\#(base),"tags":["a","1b"]}"#,
            "f:1:63: error: tags[1]: \"1b\" must be letters, digits, `_` and `-`, and begin with a letter or `_`"),
        Case(
            "a time that is none", #"{\#(base),"time":"yesterday"}"#,
            "f:1:58: error: time: must be a time such as 2026-11-22T10:15:00Z, but is the text \"yesterday\""),
        Case(
            "a map's key and value", #"{\#(base),"labels":{"a b":"x","c":"-"}}"#,
            "f:1:61: error: labels[\"a b\"]: the key \"a b\" must be a label's name: letters, digits, `-`, `_` and `.`, at most 63, after a DNS prefix and `/` if there is one",
            "f:1:75: error: labels.c: \"-\" must be letters, digits, `-`, `_` and `.`, and begin and end with a letter or digit"
        ),
        Case(
            "a map with too many entries", #"{\#(base),"labels":{"a":"","b":"","c":""}}"#,
            "f:1:60: error: labels: has 3 entries; at most 2 are allowed"),
        Case(
            "a map that is none", #"{\#(base),"rules":[[]]}"#,
            "f:1:60: error: rules[0]: must be an object, but is a list"),
        Case(
            "an unknown field that is nearly right", #"{\#(base),"nota":1}"#,
            "f:1:51: error: nota: unknown field `nota` (did you mean `note`?)"),
        Case(
            "an unknown field whose name goes on", #"{\#(base),"timeout":1}"#,
            "f:1:51: error: timeout: unknown field `timeout` (did you mean `timeoutSeconds`?)"),
        Case(
            "an unknown field of a nested record, with what is known there",
            #"{"title":"t","shade":"Red","items":[{"name":"a","flavour":1}]}"#,
            "f:1:49: error: items[0].flavour: unknown field `flavour` (known here: name, size)"),
        Case(
            "an unknown field that a terminal would act on", #"{\#(base),"\u001b[31m":1}"#,
            #"f:1:51: error: ["\u{1b}[31m"]: unknown field `\u{1b}[31m` (known here: color, colors, count, item, items, labels, limit, note, rules, shade, tags, time, timeoutSeconds, title)"#
        ),
        Case(
            "two items with one name", #"{"title":"t","shade":"Red","items":[{"name":"a"},{"name":"b"},{"name":"a"}]}"#,
            "f:1:71: error: items[2]: another item has the same name `a` (name must be unique in this list)"),
        Case(
            "a reserved field", #"{\#(base),"image":"x"}"#,
            "f:1:59: error: image: `image` is reserved for a later version (a stage runs in its agent's container)"),
        Case(
            "fields in any order", #"{"items":[{"size":2,"name":"a"}],"shade":"Red","colors":[],"title":"t"}"#),
    ])
    func `strictly read`(_ example: Case) throws {
        let node = try parseJSON(example.json, marks: true)
        let (_, problems) = FieldReader.read(Sample.self, from: node)
        #expect(problems.map { $0.line(file: "f") } == example.expect)
    }

    @Test func `what YAML made of a version is quoted as it was written`() {
        let member = Node.Member(
            key: "note", value: Node(.double(3.1), mark: Mark(line: 4, column: 7), written: "3.10"))
        let (_, problems) = FieldReader.read(Sample.self, from: Node(.object([member])))
        #expect(
            problems.map { $0.line(file: "f") }.contains(
                "f:4:7: error: note: must be a text, but is the number `3.10` (quote it: \"3.10\")"))
    }

    @Test func `a lenient reader takes unknown fields and repeated items`() throws {
        let node = try parseJSON(
            #"{"title":"t","later":1,"shade":"Red","items":[{"name":"a"},{"name":"a","more":{}}]}"#)
        let (value, problems) = FieldReader.read(Sample.self, from: node, strict: false)
        #expect(problems == [])
        #expect(value.items.map(\.name) == ["a", "a"])
    }

    @Test func `a field with a problem keeps its default, and the others are read`() throws {
        let node = try sample(#","count":99,"note":"kept""#)
        let (value, problems) = FieldReader.read(Sample.self, from: node, at: FieldPath(.key("spec")))
        #expect(problems.map(\.path.description) == ["spec.count"])
        #expect(value.count == 3 && value.note == "kept")
    }

    @Test func `a mark is that of the value, or of the nearest one around it`() throws {
        let node = try parseJSON("{\"a\":\n [1,\n  {\"b\": 2}]}", marks: true)
        func mark(_ steps: FieldPath.Step...) -> Mark? {
            var path = FieldPath()
            path.steps = steps
            return path.mark(in: node)
        }
        #expect(mark(.key("a"), .index(1), .key("b")) == Mark(line: 3, column: 9))
        #expect(mark(.key("a"), .index(1), .key("c")) == Mark(line: 3, column: 3))
        #expect(mark(.key("a"), .index(7), .key("c")) == Mark(line: 2, column: 2))
        #expect(mark(.key("x")) == Mark(line: 1, column: 1))
    }
}
