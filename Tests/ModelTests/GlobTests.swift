import Model
import Testing

struct GlobTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var glob: String
        var matches: [String]
        var others: [String]

        init(_ glob: String, matches: [String], not others: [String]) {
            self.glob = glob
            self.matches = matches
            self.others = others
        }

        var testDescription: String { glob }
    }

    @Test(arguments: [
        Case("main", matches: ["main"], not: ["Main", "main2", "mai", "", "a/main"]),
        Case("", matches: [""], not: ["a"]),
        Case("*", matches: ["main", "", "a.b-c"], not: ["a/b", "/"]),
        Case("release/*", matches: ["release/1", "release/"], not: ["release", "release/1/2", "xrelease/1"]),
        Case("**", matches: ["", "a", "a/b/c"], not: []),
        Case("docs/**", matches: ["docs/a.md", "docs/a/b.md"], not: ["docs", "doc/a", "a/docs/b"]),
        Case("**/*.md", matches: ["a.md", "docs/a.md", "a/b/c.md", ".md"], not: ["a.mdx", "a/b", "md"]),
        Case("**/docs/**", matches: ["docs/a", "a/docs/b/c"], not: ["mydocs/a", "docs", "a/mydocs/b"]),
        Case("a/**/b", matches: ["a/b", "a/x/b", "a/x/y/b"], not: ["ab", "a/xb", "a/b/c"]),
        Case("feature**", matches: ["feature", "feature/a/b", "features"], not: ["afeature"]),
        Case("**.js", matches: ["a.js", "a/b.js"], not: ["a.jsx"]),
        Case("*.js", matches: ["a.js"], not: ["a/b.js"]),
        Case("a***b", matches: ["ab", "a/b", "axxb"], not: ["a"]),
        Case("v?.?", matches: ["v1.2"], not: ["v1.", "v1/2", "v12.3"]),
        Case("v[0-9].[0-9x]", matches: ["v1.x", "v9.0"], not: ["va.1", "v1.y", "v/.x"]),
        Case("[!a-c]x", matches: ["dx", "éx"], not: ["ax", "/x", "x"]),
        Case("[^a]", matches: ["b"], not: ["a"]),
        Case("[]a]", matches: ["]", "a"], not: ["b"]),
        Case("[a-]", matches: ["a", "-"], not: ["b"]),
        Case("[\\]\\\\]", matches: ["]", "\\"], not: ["a"]),
        Case("a\\*b", matches: ["a*b"], not: ["axb", "ab"]),
        Case("\\!a", matches: ["!a"], not: ["a"]),
        Case("\\[x", matches: ["[x"], not: ["x"]),
        Case("?", matches: ["é", "字"], not: ["ab", "/"]),
        Case("*a*b*c*", matches: ["abc", "xaxbxcx", "aabbcc"], not: ["acb", "ab/c"]),
        Case("a]", matches: ["a]"], not: ["a"]),
    ])
    func `a glob stands for whole texts`(_ example: Case) throws {
        let glob = try Glob.parse(example.glob).get()
        for text in example.matches { #expect(glob.matches(text), "\(example.glob) should match \(text)") }
        for text in example.others { #expect(!glob.matches(text), "\(example.glob) shouldn't match \(text)") }
    }

    @Test(arguments: [
        ("[", "has a `[` without its `]`"), ("a[b", "has a `[` without its `]`"), ("[]", "has a `[` without its `]`"),
        ("[a\\]", "has a `[` without its `]`"), ("[a-", "has a `[` without its `]`"),
        ("[z-a]", "has a range that ends before it begins"), ("a\\", "ends with a `\\` that nothing follows"),
        ("!a", "can't be negated"),
    ])
    func `a glob that can't be read says why`(_ glob: String, _ problem: String) {
        guard case .failure(let error) = Glob.parse(glob) else {
            Issue.record("\(glob) was read")
            return
        }
        #expect(error.message == "`\(glob)` \(problem)")
        #expect(error.hint != nil)
    }

    @Test func `no pattern takes exponential time`() throws {
        let text = String(repeating: "a", count: 2000)
        for pattern in [String(repeating: "*a", count: 100) + "b", String(repeating: "**/", count: 80) + "b"] {
            #expect(try !Glob.parse(pattern).get().matches(text))
            #expect(try !Glob.parse(pattern).get().matches(String(repeating: "a/", count: 1000)))
        }
    }
}
