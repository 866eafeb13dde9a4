import Document
import TestSupport
import Testing

struct JSONParserTests {
    struct Good: CustomTestStringConvertible, Sendable {
        let text: String
        let expect: Node.Value
        var testDescription: String { text }

        init(_ text: String, _ expect: Node.Value) {
            self.text = text
            self.expect = expect
        }
    }

    @Test(arguments: [
        Good("null", .null), Good("true", .bool(true)), Good(" \t\r\nfalse \n", .bool(false)),
        Good("0", .int(0)), Good("-0", .int(0)), Good("-12", .int(-12)),
        Good("9223372036854775807", .int(.max)), Good("-9223372036854775808", .int(.min)),
        Good("9223372036854775808", .double(9223372036854775808)),
        Good("-9223372036854775809", .double(-9223372036854775808)),
        Good("1e3", .int(1000)), Good("1E+2", .int(100)), Good("1.0", .int(1)), Good("-1.50", .double(-1.5)),
        Good("1e-2", .double(0.01)), Good("1e300", .double(1e300)), Good("1e-400", .int(0)),
        Good(#""""#, .string("")), Good(#""Grüße 🪶""#, .string("Grüße 🪶")),
        Good(#""\"\\\/\b\f\n\r\t""#, .string("\"\\/\u{8}\u{C}\n\r\t")),
        Good(#""\u0041\u00e9\u20AC\uD83E\udeb6""#, .string("Aé€🪶")), Good(#""\u0000""#, .string("\0")),
        Good(#""a long run, then \n and é more""#, .string("a long run, then \n and é more")),
        Good("[]", .array([])), Good("[ ]", .array([])), Good("{ }", .object([])),
        Good("[1 , [2]]", .array([Node(.int(1)), Node(.array([Node(.int(2))]))])),
        Good(
            #"{"b":1, "a" : {"b":2}}"#,
            .object([
                .init(key: "b", value: Node(.int(1))),
                .init(key: "a", value: Node(.object([.init(key: "b", value: Node(.int(2)))]))),
            ])),
    ])
    func read(_ example: Good) throws {
        #expect(try parseJSON(example.text).value == example.expect)
    }

    struct Bad: CustomTestStringConvertible, Sendable {
        let bytes: [UInt8]
        let offset: Int
        let mark: Mark
        let problem: String
        var testDescription: String { String(decoding: bytes, as: UTF8.self) }

        init(_ text: String, _ offset: Int, _ line: Int, _ column: Int, _ problem: String) {
            self.init(Array(text.utf8), offset, line, column, problem)
        }

        init(_ bytes: [UInt8], _ offset: Int, _ line: Int, _ column: Int, _ problem: String) {
            self.bytes = bytes
            self.offset = offset
            mark = Mark(line: line, column: column)
            self.problem = problem
        }
    }

    @Test(arguments: [
        Bad("", 0, 1, 1, "there is no value, only an empty text"),
        Bad(" \n ", 3, 2, 2, "there is no value, only an empty text"),
        Bad("\u{FEFF}1", 0, 1, 1, "the text begins with a byte order mark, which JSON doesn't allow"),
        Bad("1 2", 2, 1, 3, "after the end of the value comes '2', where nothing else may come"),
        Bad("\u{1}", 0, 1, 1, "a value should come here, but there is the byte 0x01"),
        Bad("'a'", 0, 1, 1, "a value should come here, but there is '''"),
        Bad("é", 0, 1, 1, "a value should come here, but there is a character that is not ASCII"),
        Bad("[1,]", 3, 1, 4, "a value should come here, but there is ']'"),
        Bad("[1 2]", 3, 1, 4, "a comma or ] should come here, but there is '2'"),
        Bad("[1", 2, 1, 3, "the text ends where a comma or ] should come"),
        Bad("[", 1, 1, 2, "the text ends where a value should come"),
        Bad("{", 1, 1, 2, "the text ends where a key in quotation marks should come"),
        Bad("{a:1}", 1, 1, 2, "a key in quotation marks should come here, but there is 'a'"),
        Bad(#"{"a":1,}"#, 7, 1, 8, "a key in quotation marks should come here, but there is '}'"),
        Bad(#"{"a" 1}"#, 5, 1, 6, "a colon after the key should come here, but there is '1'"),
        Bad("{\"é\": 1,\n \"a\": 2, \"a\": 3}", 19, 2, 10, "the key \"a\" is here twice"),
        Bad(#"{"a":1,"\u0061":3}"#, 7, 1, 8, "the key \"a\" is here twice"),
        Bad("tru", 0, 1, 1, "this is neither a value in quotation marks nor true, false, null or a number"),
        Bad("nul1", 0, 1, 1, "this is neither a value in quotation marks nor true, false, null or a number"),
        Bad("-", 1, 1, 2, "a digit should come after the minus sign"),
        Bad("-a", 1, 1, 2, "a digit should come after the minus sign"),
        Bad("01", 0, 1, 1, "a number may not begin with a zero that is followed by digits"),
        Bad("1.", 2, 1, 3, "a digit should come after the decimal point"),
        Bad("1.e1", 2, 1, 3, "a digit should come after the decimal point"),
        Bad("1e+", 3, 1, 4, "a digit should come after the exponent's sign"),
        Bad("+1", 0, 1, 1, "a value should come here, but there is '+'"),
        Bad("1e400", 0, 1, 1, "this number is too large"),
        Bad("0x10", 1, 1, 2, "after the end of the value comes 'x', where nothing else may come"),
        Bad("\r\r\n[\"a", 4, 3, 2, "the string that begins here has no end"),
        Bad(#""\"#, 0, 1, 1, "the string that begins here has no end"),
        Bad(#""\""#, 0, 1, 1, "the string that begins here has no end"),
        Bad(
            "\"a\nb\"", 2, 1, 3,
            "a control character in a string must be written as an escape such as \\n or \\u0009"),
        Bad(#""ab\x""#, 3, 1, 4, "there is no such escape: a backslash may be followed by one of \" \\ / b f n r t u"),
        Bad(#""\u12G4""#, 1, 1, 2, "\\u must be followed by four hexadecimal digits"),
        Bad(#""\u123""#, 1, 1, 2, "\\u must be followed by four hexadecimal digits"),
        Bad(#""é\ud800""#, 3, 1, 3, "this is half of a surrogate pair, which stands for no character"),
        Bad(#""\ud800\u0041""#, 1, 1, 2, "this is half of a surrogate pair, which stands for no character"),
        Bad(#""\udc00\ud800""#, 1, 1, 2, "this is half of a surrogate pair, which stands for no character"),
        Bad([0x22, 0x61, 0xFF, 0x22], 2, 1, 3, "this is not valid UTF-8"),
        Bad([0x22, 0x5C, 0x6E, 0xC3, 0x22], 3, 1, 4, "this is not valid UTF-8"),
        Bad([0x22, 0xED, 0xA0, 0x80, 0x22], 1, 1, 2, "this is not valid UTF-8"),
        Bad([0x22, 0xC0, 0x80, 0x22], 1, 1, 2, "this is not valid UTF-8"),
    ])
    func refused(_ example: Bad) {
        let expected = JSONError(offset: example.offset, mark: example.mark, problem: example.problem)
        #expect(throws: expected) { try parseJSON(example.bytes) }
    }

    @Test func `an error reads as its place and a sentence`() {
        let error = JSONError(offset: 7, mark: Mark(line: 2, column: 3), problem: "this number is too large")
        #expect("\(error)" == "2:3: this number is too large")
    }

    @Test func `marks are recorded when they are asked for`() throws {
        let text = "{\"é\": [1,\n  \"ü\", {\"a\" :null}]\n}"
        #expect(try parseJSON(text).mark == nil)
        let root = try parseJSON(text, marks: true)
        #expect(root.mark == Mark(line: 1, column: 1))
        let member = try #require(root.members?.first)
        #expect(member.keyMark == Mark(line: 1, column: 2))
        let elements = try #require(member.value.array)
        #expect(elements.map(\.mark) == [(1, 8), (2, 3), (2, 8)].map { Mark(line: $0, column: $1) })
        #expect(elements[2].members?.first?.value.mark == Mark(line: 2, column: 14))
    }

    @Test func `bytes and spans read alike`() throws {
        let bytes = Array(#"{"a":[1,true]}"#.utf8)
        let expected = try parseJSON(bytes)
        #expect(try parseJSON(bytes.span) == expected)
        #expect(try bytes.withUnsafeBufferPointer { try parseJSON($0) } == expected)
    }

    // MARK: Limits

    @Test func `nesting is read up to the limit and refused beyond it`() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        #expect(try parseJSON(nested(128)).array?.count == 1)
        let tooDeep = JSONError(
            offset: 128, mark: Mark(line: 1, column: 129), problem: "it is nested more than 128 deep")
        #expect(throws: tooDeep) { try parseJSON(nested(129)) }
        // However high the limit is set, the stack is safe; objects take more of it than arrays.
        let deepest = JSONLimits(depth: .max)
        #expect(throws: JSONError.self) { try parseJSON(nested(1_000_000), limits: deepest) }
        let objects = String(repeating: #"{"a":"#, count: 512) + "1" + String(repeating: "}", count: 512)
        #expect(try parseJSON(objects, limits: deepest).json() == objects)
    }

    @Test func `a text that is too large or holds too much is refused`() {
        let tooLarge = JSONError(
            offset: 0, mark: Mark(line: 1, column: 1), problem: "the text is larger than 4 bytes")
        #expect(throws: tooLarge) { try parseJSON("[1,2]", limits: JSONLimits(bytes: 4)) }
        let tooMany = JSONError(offset: 3, mark: Mark(line: 1, column: 4), problem: "there are more than 2 values")
        #expect(throws: tooMany) { try parseJSON("[1,2]", limits: JSONLimits(values: 2)) }
    }

    @Test func `large objects may have many keys, each once`() throws {
        let members = (0..<20_000).map { "\"k\($0)\":\($0)" }
        let root = try parseJSON("{" + members.joined(separator: ",") + "}")
        #expect(root.members?.count == 20_000)
        let twice = "{" + (members + members.suffix(1)).joined(separator: ",") + "}"
        #expect(throws: JSONError.self) { try parseJSON(twice) }
    }

    // MARK: Chance

    @Test(arguments: 0..<8)
    func `no bytes crash it, and what it accepts it writes and reads back the same`(seed: UInt64) throws {
        var chance = SeededGenerator(seed: seed)
        let sample = Array(#"{"a":[1,-2.5e3,true,null,{"é\n\ud83e\udeb6":""}],"b\u0041":{"c":[[],{}]}}"#.utf8)
        let alphabet = Array("{}[]:,\"\\u0e-+.1 tfn\n".utf8)
        var accepted = 0
        for round in 0..<4_000 {
            var bytes = sample
            if round.isMultiple(of: 4) {
                bytes = (0..<chance.below(24)).map { _ in alphabet[chance.below(alphabet.count)] }
            } else {
                for _ in 0...chance.below(3) {
                    let place = chance.below(bytes.count)
                    switch chance.below(4) {
                    case 0: bytes[place] = UInt8(chance.below(256))
                    case 1: bytes[place] = alphabet[chance.below(alphabet.count)]
                    case 2: bytes.remove(at: place)
                    default: bytes.removeSubrange(place...)
                    }
                    if bytes.isEmpty { break }
                }
            }
            do {
                let node = try parseJSON(bytes)
                accepted += 1
                #expect(try parseJSON(node.json()) == node)
                #expect(try parseJSON(node.prettyJSON()) == node)
            } catch {
                #expect(error.offset >= 0 && error.offset <= bytes.count)
                #expect(error.mark.line >= 1 && error.mark.column >= 1)
            }
        }
        #expect(accepted > 10)
    }
}
