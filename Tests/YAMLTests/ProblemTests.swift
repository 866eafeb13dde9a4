import Document
import Testing
import YAML

/// What people get wrong, and what they are told.
struct ProblemTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let text: String
        let expect: [String]

        init(_ description: String, _ text: String, _ expect: String...) {
            testDescription = description
            self.text = text
            self.expect = expect
        }
    }

    static let syntax = [
        Case(
            "a tab before a key", "a:\n\tb: 1\n",
            "f:2:1: error: this line is indented with a tab: YAML forbids tabs for indentation: use spaces"),
        Case(
            "a tab after spaces", "a:\n  b: 1\n  \tc: 2\n",
            "f:3:3: error: this line is indented with a tab: YAML forbids tabs for indentation: use spaces"),
        Case(
            "a tab before a list's element", "a:\n\t- b\n",
            "f:2:1: error: this line is indented with a tab: YAML forbids tabs for indentation: use spaces"),
        Case(
            "a tab after CRLF", "a:\r\n\tb: 1\r\n",
            "f:2:1: error: this line is indented with a tab: YAML forbids tabs for indentation: use spaces"),
        Case(
            "a tab in a block of text", "a: |\n\tb\n",
            "f:2:1: error: this line is indented with a tab: YAML forbids tabs for indentation: use spaces"),
        Case(
            "a text that begins with a tab", "a: |\n  \tb\n",
            "f:2:3: error: this line is indented with a tab: YAML forbids tabs for indentation: use spaces, "
                + "or say after the | how many there are (|2) if the text begins with a tab"),
        Case("no key", ": a\n", "f:1:1: error: there is no key before this colon"),
        Case(
            "a reserved character", "a: @b\n", "f:1:4: error: a value can't begin with '@': put the value in quotes"),
        Case("a per cent sign", "a: %b\n", "f:1:4: error: a value can't begin with '%': put the value in quotes"),
        Case(
            "a colon in a value", "é: ü: c\n",
            "f:1:5: error: there is a colon where no key can be: put a value that holds \": \" in quotes, "
                + "and check the indentation"),
        Case(
            "a key without a colon", "a: 1\nb\nc: 2\n",
            "f:2:1: error: this is not a key, since no colon follows it: write \"key: value\", "
                + "or indent what continues a value"),
        Case(
            "a key that is not indented as the others", "a:\n    b: 1\n  c: 2\n",
            "f:3:3: error: this belongs neither to the block that began in line 1 nor to one around it: "
                + "check its indentation, and for a quote or bracket in the lines before"),
        Case(
            "a bracket that stays open", "a: [1, 2\nb: 3\n",
            "f:2:2: error: a comma or ] should come here, for the [ in line 1"),
        Case(
            "a brace that stays open", "a: {b: 1\n", "f:2:1: error: a comma or } should come here, for the { in line 1"
        ),
        Case("a quote that stays open", "a: 1\nb: \"c\n\nd\n", "f:2:4: error: the quotation mark here is never closed"),
        Case(
            "a quote that stays open to the next document", "a: 'b\n---\nc: d'\n",
            "f:1:4: error: the quotation mark here isn't closed before the document ends"),
        Case(
            "a Windows path in double quotes", #"a: "C:\windows""#,
            "f:1:7: error: there is no such escape in double quotes: write \\\\ for a backslash, "
                + "or use single quotes, where it stands for itself"),
        Case(
            "half a surrogate pair", #"a: "\ud83d\ude00""#,
            "f:1:7: error: this escape stands for no character: "
                + "write characters beyond \\uFFFF as \\U and eight digits"),
        Case(
            "an undefined tag's prefix", "a: !b!c d\n",
            "f:1:4: error: this tag's prefix is not defined: put a value that begins with ! in quotes"),
        Case(
            "a list after a key", "a: - b\n",
            "f:1:4: error: a list can't begin here: begin it on a line of its own, "
                + "or put a value that begins with - in quotes"),
        Case(
            "a glob", "a: *.swift\n",
            "f:1:5: error: a name should follow here, while scanning an alias: "
                + "put a value that begins with * or & in quotes"),
        Case(
            "a second root", "{a: 1}\nb: 2\n",
            "f:2:1: error: the document has ended, and --- should come before the next: check the indentation"),
        Case(
            "a zero byte", "a: b\0",
            "f:1:5: error: there is a zero byte here, so this is no text in UTF-8: save the file as UTF-8"),
        Case(
            "a control character", "é: \u{1B}[1m\n",
            "f:1:4: error: there is a control character here, which YAML doesn't allow: "
                + "write it as an escape in double quotes, such as \"\\u001b\""),
    ]

    static let meaning = [
        Case("a key twice", "a: 1\nb: 2\na: 3\n", "f:3:1: error: the key \"a\" is already used in line 1"),
        Case("a key twice in a flow", "{a: 1, a: 3}", "f:1:8: error: the key \"a\" is already used in line 1"),
        Case("keys that become the same", "1: a\n'1': b\n", "f:2:1: error: the key \"1\" is already used in line 1"),
        Case("words that mean the same", "y: a\non: b\n", "f:2:1: error: the key \"true\" is already used in line 1"),
        Case(
            "a key twice after a merge", "{<<: {a: 1}, a: 2, <<: {a: 3}, a: 4}",
            "f:1:32: error: the key \"a\" is already used in line 1"),
        Case(
            "an unknown alias", "a: *b\n",
            "f:1:4: error: there is no anchor &b before this alias in the same document: "
                + "put a value that begins with * in quotes"),
        Case(
            "an alias to another document", "a: &b 1\n---\na: *b\n",
            "f:3:4: error: there is no anchor &b before this alias in the same document: "
                + "put a value that begins with * in quotes"),
        Case(
            "an alias inside what it stands for", "a: &b [*b]\n",
            "f:1:8: error: the alias *b is inside what it stands for"),
        Case(
            "a list as a key", "[a]: b\n",
            "f:1:1: error: a key must be a plain word or text, not a list or a mapping: "
                + "put a value that begins with { or [ in quotes"),
        Case(
            "a template in place of a value", "a: {{ b }}\n",
            "f:1:5: error: a key must be a plain word or text, not a list or a mapping: "
                + "put a value that begins with { or [ in quotes"),
        Case("null as a key", "~: a\n", "f:1:1: error: a key can't be empty or null: put it in quotes"),
        Case("an empty key", "? \n: a\n", "f:1:2: error: a key can't be empty or null: put it in quotes"),
        Case(
            "a number as a key that JSON can't say", "18446744073709551615: a\n",
            "f:1:1: error: this number is too large for a key: put it in quotes"),
        Case(
            "infinity", "a: .inf\n",
            "f:1:4: error: JSON, and so Kubernetes, has no infinity and no NaN: put it in quotes if it is a text"),
        Case(
            "no number", "- .nan\n",
            "f:1:3: error: JSON, and so Kubernetes, has no infinity and no NaN: put it in quotes if it is a text"),
        Case(
            "an alias to infinity, which a key may be", "{&a .inf: 1, b: *a}\n",
            "f:1:17: error: JSON, and so Kubernetes, has no infinity and no NaN: put it in quotes if it is a text"),
        Case(
            "a tag of one's own", "a: !Ref b\n",
            "f:1:4: error: the tag !Ref means nothing here: remove it, or put a value that begins with ! in quotes"),
        Case("a tag before a list", "a: !Ref [b]\n", "f:1:4: error: the tag !Ref means nothing here: remove it"),
        Case("a set", "a: !!set {b}\n", "f:1:4: error: the tag !!set means nothing here: remove it"),
        Case("a wrong number", "a: !!int b\n", "f:1:4: error: \"b\" is not a value for the tag !!int"),
        Case("a fraction", "a: !!int 1.5\n", "f:1:4: error: \"1.5\" is not a value for the tag !!int"),
        Case("a wrong fraction", "a: !!float y\n", "f:1:4: error: \"y\" is not a value for the tag !!float"),
        Case("a wrong truth", "a: !!bool 1\n", "f:1:4: error: \"1\" is not a value for the tag !!bool"),
        Case("a wrong null", "a: !!null x\n", "f:1:4: error: \"x\" is not a value for the tag !!null"),
        Case("a wrong date", "a: !!timestamp x\n", "f:1:4: error: \"x\" is not a value for the tag !!timestamp"),
        Case("wrong base64", "a: !!binary abc\n", "f:1:4: error: what the tag !!binary is put before is not base64"),
        Case(
            "bytes that aren't text", "a: !!binary /w==\n",
            "f:1:4: error: this !!binary value isn't text, and JSON can't hold it: "
                + "leave the tag out to keep the base64"),
        Case("a merged number", "<<: 1\n", "f:1:5: error: << takes a mapping, an alias to one, or a list of these"),
        Case(
            "a merged list of numbers", "<<: [1]\n",
            "f:1:5: error: << takes a mapping, an alias to one, or a list of these"),
        Case(
            "a merged alias to a list", "a: &a [{b: 1}]\nc: {<<: *a}\n",
            "f:2:9: error: << takes a mapping, an alias to one, or a list of these"),
        Case(
            "many mistakes at once", "a: .inf\na: *b\n[c]: d\n---\ne: !f g\n",
            "f:1:4: error: JSON, and so Kubernetes, has no infinity and no NaN: put it in quotes if it is a text",
            "f:2:1: error: the key \"a\" is already used in line 1",
            "f:2:4: error: there is no anchor &b before this alias in the same document: "
                + "put a value that begins with * in quotes",
            "f:3:1: error: a key must be a plain word or text, not a list or a mapping: "
                + "put a value that begins with { or [ in quotes",
            "f:5:4: error: the tag !f means nothing here: remove it, or put a value that begins with ! in quotes"),
    ]

    @Test(arguments: syntax + meaning)
    func `a mistake is told with its place and a hint`(_ example: Case) {
        #expect(YAML.parse(Array(example.text.utf8)).problems.map { $0.line(file: "f") } == example.expect)
    }

    @Test func `a mistake in the syntax ends the reading, and documents before it are kept`() {
        let stream = YAML.parse(Array("a: 1\n---\nb: 2\nc: [\n---\nd: 3\n".utf8))
        #expect(stream.documents.map { $0.json() } == [#"{"a":1}"#])
        #expect(stream.problems.count == 1)
    }

    @Test func `other mistakes don't keep the rest from being read`() {
        let stream = YAML.parse(Array("a: 1\na: 2\n---\nb: 2\n".utf8))
        #expect(stream.documents.map { $0.json() } == [#"{"a":2}"#, #"{"b":2}"#])
        #expect(stream.problems.count == 1)
    }

    @Test func `after a hundred mistakes it gives up`() {
        let stream = YAML.parse(Array(String(repeating: "- .nan\n", count: 5_000).utf8))
        #expect(stream.problems.count == 101)
        #expect(stream.problems.last?.message == "there are more than 100 mistakes")
        #expect(stream.documents == [])
    }

    @Test(
        arguments: [
            ([0x61, 0x3A, 0x0A, 0x20, 0xC3, 0xA9, 0xFF], 2, 3, "this is not valid UTF-8"),
            ([0xEF, 0xBB, 0xBF, 0x61, 0xFF], 1, 2, "this is not valid UTF-8"),
            ([0x61, 0x3A, 0x20, 0xED, 0xA0, 0x80], 1, 4, "this is not valid UTF-8"),
            (
                [0xFF, 0xFE, 0x61, 0, 0x0A, 0, 0x62, 0, 0, 0xD8, 0x62, 0], 2, 2,
                "this is not valid UTF-16"
            ),
            ([0xFE, 0xFF, 0x00, 0x61, 0x00], 1, 2, "this is not valid UTF-16"),
        ] as [([UInt8], Int, Int, String)])
    func `bytes that are no text are told with their place`(bytes: [UInt8], line: Int, column: Int, message: String) {
        let expected = YAMLProblem(Mark(line: line, column: column), message, hint: "save the file as UTF-8")
        #expect(YAML.parse(bytes) == YAMLStream(problems: [expected]))
    }
}
