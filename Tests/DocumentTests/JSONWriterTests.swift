import Document
import Testing

struct JSONWriterTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let value: Node.Value
        let expect: String

        init(_ description: String, _ value: Node.Value, _ expect: String) {
            testDescription = description
            self.value = value
            self.expect = expect
        }
    }

    @Test(arguments: [
        Case("null is a word", .null, "null"),
        Case("true is a word", .bool(true), "true"),
        Case("false is a word", .bool(false), "false"),
        Case("zero is a digit", .int(0), "0"),
        Case("a digit stands alone", .int(9), "9"),
        Case("two digits are in order", .int(10), "10"),
        Case("a negative number has its sign", .int(-120), "-120"),
        Case("the greatest number is whole", .int(.max), "9223372036854775807"),
        Case("the least number is whole", .int(.min), "-9223372036854775808"),
        Case("a fraction is as short as can be", .double(0.1), "0.1"),
        Case("a whole number has no fraction", .double(1000), "1000"),
        Case("large numbers have an exponent", .double(1e300), "1e+300"),
        Case("small numbers have an exponent", .double(.leastNonzeroMagnitude), "5e-324"),
        Case("infinity can't be said", .double(.infinity), "null"),
        Case("what is no number can't be said", .double(.nan), "null"),
        Case("an empty string is two marks", .string(""), #""""#),
        Case("letters stand for themselves", .string("Grüße, 世界 🪶"), #""Grüße, 世界 🪶""#),
        Case("quotation marks are escaped", .string(#"a"b"#), #""a\"b""#),
        Case("backslashes are escaped", .string(#"a\b"#), #""a\\b""#),
        Case("slashes aren't escaped", .string("a/b"), #""a/b""#),
        Case("control characters have short names", .string("\u{8}\t\n\u{C}\r"), #""\b\t\n\f\r""#),
        Case("others have numbers", .string("\0\u{1F}\u{10}\u{7F}"), "\"\\u0000\\u001f\\u0010\u{7F}\""),
        Case("an escape may come after a long run", .string("12345678901234567\n"), #""12345678901234567\n""#),
        Case("an escape may end a word of eight bytes", .string("1234567\""), #""1234567\"""#),
        Case("an empty array has no space", .array([]), "[]"),
        Case("an empty object has no space", .object([]), "{}"),
        Case("elements have commas between", .array([Node(.int(1)), Node(.array([])), Node(.int(2))]), "[1,[],2]"),
        Case(
            "entries keep their order",
            .object([
                .init(key: "b", value: Node(.object([.init(key: "\n", value: Node(.null))]))),
                .init(key: "a", value: Node(.string("x"))),
            ]), #"{"b":{"\n":null},"a":"x"}"#),
    ])
    func written(_ example: Case) {
        #expect(Node(example.value).json() == example.expect)
    }

    @Test func `every byte that has to be escaped is, wherever it stands in a word`() throws {
        let special = (0..<0x20).map { Character(Unicode.Scalar(UInt8($0))) } + ["\"", "\\"]
        for length in 0..<20 {
            for place in 0...length {
                for character in special {
                    var text = String(repeating: "\u{7F}", count: place)
                    text.append(character)
                    text += String(repeating: "ÿ", count: length - place)
                    let json = Node(.string(text)).json()
                    #expect(!json.utf8.contains { $0 < 0x20 })
                    #expect(try parseJSON(json).string?.utf8.elementsEqual(text.utf8) == true)
                }
            }
        }
    }

    @Test func `values are written one by one`() {
        var writer = JSONWriter()
        writer.beginArray()
        writer.beginObject()
        writer.key("literal")
        writer.int(UInt64.max)
        writer.key(String("text"))
        writer.bool(false)
        writer.key("double")
        writer.double(-0.5)
        writer.key("none")
        writer.null()
        writer.endObject()
        writer.string("next")
        writer.node(Node(.array([Node(.int(3))])))
        writer.raw(Array("{}".utf8))
        writer.int(UInt8(7))
        writer.endArray()
        let expected = #"[{"literal":18446744073709551615,"text":false,"double":-0.5,"none":null},"next",[3],{},7]"#
        #expect(String(decoding: writer.bytes, as: UTF8.self) == expected)
    }

    @Test func `members that are nil are left out with their keys`() {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("absentText", nil as String?)
        writer.member("text", "a")
        writer.member("absentNumber", nil as Int?)
        writer.member("number", 5)
        writer.member("absentFlag", nil as Bool?)
        writer.member("flag", true)
        writer.member("texts", ["a", "b"])
        writer.member("absentNode", nil as Node?)
        writer.member("fraction", 0.25)
        writer.endObject()
        let expected = #"{"text":"a","number":5,"flag":true,"texts":["a","b"],"fraction":0.25}"#
        #expect(String(decoding: writer.bytes, as: UTF8.self) == expected)
    }

    @Test func `pretty JSON is indented by two spaces`() throws {
        let node = try parseJSON(#"{"a":[1,{"b":"\n"},[]],"c":{},"d":null}"#)
        #expect(
            node.prettyJSON() == """
                {
                  "a": [
                    1,
                    {
                      "b": "\\n"
                    },
                    []
                  ],
                  "c": {},
                  "d": null
                }
                """)
    }
}
