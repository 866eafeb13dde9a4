import Document
import Testing
import YAML

struct LimitTests {
    private func problem(_ text: String, _ limits: YAMLLimits = .manifests) -> String? {
        let stream = YAML.parse(Array(text.utf8), limits: limits)
        // Whatever went too far is left out.
        #expect(stream.documents == [])
        return stream.problems.count == 1 ? stream.problems.first?.line(file: "f") : nil
    }

    @Test func `twenty thousand levels are refused, however they are written`() {
        let levels = 20_000
        for opening in ["[", "{a: ", "- ", "? "] {
            let text = String(repeating: opening, count: levels)
            #expect(problem(text)?.hasSuffix("error: this is nested more than 64 deep") == true, "\(opening)")
        }
        let block = (0..<levels / 10).map { String(repeating: " ", count: $0) + "a:\n" }.joined()
        #expect(problem(block) == "f:65:65: error: this is nested more than 64 deep")
    }

    @Test func `as many levels as the limit says are read`() {
        for depth in [64, 512] {
            let text = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
            let stream = YAML.parse(Array(text.utf8), limits: YAMLLimits(depth: depth))
            #expect(stream.problems == [])
            #expect(stream.documents.first?.json() == text)
        }
        #expect(YAMLLimits(depth: .max).depth == 512)
    }

    @Test func `aliases can't nest deeper than brackets can`() {
        var text = "a0: &a0 [1]\n"
        for level in 1...80 { text += "a\(level): &a\(level) [*a\(level - 1)]\n" }
        #expect(problem(text) == "f:64:12: error: this is nested more than 64 deep")
    }

    @Test func `aliases to aliases count as what they stand for`() {
        var text = "a: &a [x, x, x, x, x, x, x, x, x]\n"
        for (name, inner) in zip("bcdefghi", "abcdefgh") {
            text += "\(name): &\(name) [" + Array(repeating: "*\(inner)", count: 9).joined(separator: ", ") + "]\n"
        }
        #expect(
            problem(text) == "f:6:8: error: from here on there are more than 100000 values: "
                + "an alias counts as all that it stands for")
    }

    @Test func `merged mappings count as what they stand for`() {
        var text = "a: &a {k0: 1, k1: 1}\n"
        for (name, inner) in zip("bcdefghijklmnopqrstuvwx", "abcdefghijklmnopqrstuvw") {
            let nine = Array(repeating: "*\(inner)", count: 9).joined(separator: ", ")
            text += "'\(name)': &\(name) {<<: [\(nine)]}\n"
        }
        #expect(problem(text)?.contains("there are more than 100000 values") == true)
    }

    @Test func `each limit is told with its place`() {
        #expect(problem("a: 1", YAMLLimits(bytes: 3)) == "f:1:1: error: the text is larger than 3 bytes")
        #expect(
            problem("a: [1,\n 2]", YAMLLimits(nodes: 4)) == "f:2:2: error: from here on there are more than 4 values")
        #expect(
            problem("---\n---\n---\n", YAMLLimits(documents: 2)) == "f:3:1: error: there are more than 2 documents")
        #expect(
            problem("a: bcd", YAMLLimits(scalarBytes: 2))
                == "f:1:4: error: the text that begins here is larger than 2 bytes")
        #expect(
            problem("abc: 1", YAMLLimits(scalarBytes: 2))
                == "f:1:1: error: the text that begins here is larger than 2 bytes")
    }

    @Test func `directives can't keep it busy`() {
        let text = (0..<200_000).map { "%TAG !\($0)! x\n" }.joined()
        #expect(problem(text) == "f:101:1: error: there are more than 100 %TAG lines")
        let few = (0..<100).map { "%TAG !a\($0)! tag:yaml.org,2002:\n" }.joined()
        let stream = YAML.parse(Array((few + "--- !a99!str 1\n").utf8))
        #expect(stream == YAMLStream(documents: [Node(.string("1"))]))
    }

    @Test func `messages stay short, whatever they quote`() {
        let long = String(repeating: "é", count: 5_000)
        let name = String(repeating: "a", count: 5_000)
        for text in ["{? \(long) : 1, ? \(long) : 2}", "*\(name)", "!!int \(long)", "!\(name) b"] {
            let problems = YAML.parse(Array(text.utf8)).problems
            #expect(problems.count == 1)
            #expect(problems.allSatisfy { $0.message.utf8.count < 250 })
        }
    }

    @Test func `large mappings take no quadratic time`() {
        let text = (0..<45_000).map { "k\($0): \($0)\n" }.joined()
        let stream = YAML.parse(Array(text.utf8))
        #expect(stream.problems == [])
        #expect(stream.documents.first?.members?.count == 45_000)
    }
}
