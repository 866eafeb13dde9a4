import Document
import Manifests
import Model
import Testing
import YAML

@Suite struct YAMLWriterTests {
    @Test func `objects, lists and texts look as people write them`() throws {
        let node = try parseJSON(
            #"{"a":{"b":[{"c":1,"d":["x","z"]},[1,2],{}],"e":"two\nlines\n","f":"","g":[]},"h":[],"yes":"no","n":null}"#
        )
        let text = YAMLWriter.text(
            of: node, comments: [FieldPath(.key("a"), .key("b"), .index(1)): "a comment", FieldPath(.key("h")): "more"])
        #expect(
            text == """
                a:
                  b:
                    - c: 1
                      d: [x, z]
                    # a comment
                    - - 1
                      - 2
                    - {}
                  e: |
                    two
                    lines
                  f: ""
                  g: []
                # more
                h: []
                "yes": "no"
                "n": null

                """)
    }

    @Test(arguments: [
        "", "a", "true", "Yes", "n", "~", "null", "3.10", "1e3", "0x1f", "1_000", "12:30:45", "2026-11-22", "-", "- a",
        "a: b", "a #b", "#a", "&a", "*a", "!a", "%a", "@a", "`a`", "'a'", "\"a\"", "a\\b", "[a]", "{a}", "a,b", "?",
        "? a",
        "|", ">", " a", "a ", "a\tb", "\ta", "a\n", "a\nb", "a\nb\n", "a\n\nb\n", "\n", "a\n\n", " a\nb", "a\n b\n",
        "a\n  ",
        "a\r\nb", "é😀", "\u{0}", "\u{7F}\u{85}\u{A0}\u{2028}\u{FEFF}\u{FFFE}", "=", "<<", ".inf", ".", "/a/b",
        "a/b.c-d_e",
        "---", "...", "--- a", "a\n---\nb\n", "a\n...\nb", "a:", ":a", "\u{1B}[0m", "null\n", "0", "+1", "NaN", "OFF",
        "# not a comment\nb\n",
    ])
    func `every text reads back as it was, as a value, a key and an item`(_ text: String) throws {
        let node = Node(
            .object([
                Node.Member(key: "value", value: Node(.string(text))),
                Node.Member(key: "list", value: Node(.array([Node(.string(text)), Node(.int(1))]))),
                Node.Member(key: "short", value: Node(.array([Node(.string(text))]))),
                Node.Member(
                    key: "deep",
                    value: Node(.array([Node(.object([Node.Member(key: "k" + text, value: Node(.string(text)))]))]))),
            ]))
        let written = YAMLWriter.text(of: node)
        let stream = YAML.parse(Array(written.utf8))
        #expect(stream.problems == [], "\(written)")
        #expect(stream.documents == [node], "\(written)")
    }

    @Test func `texts put together by chance read back as they were`() throws {
        let pieces = [
            "a", "Z", "0", " ", "  ", "\n", "\t", ":", "-", "#", "'", "\"", "\\", "|", ">", "&", "*", "!", "%", "@",
            "`", "{",
            "}", "[", "]", ",", "?", "=", "~", ".", "---", "é", "😀", "\u{85}", "\u{2028}", "\u{FEFF}", "\r", "\0", "no",
        ]
        var state: UInt64 = 42
        func next(_ limit: Int) -> Int {
            // A linear congruential generator's upper bits (Knuth's MMIX).
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % limit
        }
        for _ in 0..<3000 {
            let text = (0...next(8)).map { _ in pieces[next(pieces.count)] }.joined()
            let inner = Node(.array([Node(.object([Node.Member(key: text, value: Node(.string(text)))]))]))
            let node = Node(
                .object([Node.Member(key: "k", value: inner), Node.Member(key: "l", value: Node(.string(text)))]))
            let written = YAMLWriter.text(of: node)
            let stream = YAML.parse(Array(written.utf8))
            try #require(stream.documents == [node] && stream.problems == [], "\(text.debugDescription)\n\(written)")
        }
    }

    @Test func `values of every type read back`() throws {
        let node = try parseJSON(#"{"a":[0,-7,1.5,1e30,true,false,null,9223372036854775807,[],{},[[]],[{"x":{}}]]}"#)
        let stream = YAML.parse(Array(YAMLWriter.text(of: node).utf8))
        #expect(stream.documents == [node] && stream.problems == [])
    }
}

@Suite struct ShortFormTests {
    @Test func `the short form becomes a chain of stages`() throws {
        let text = try convertShortForm(
            Array(
                "pipeline:\n  stages: [lint, test, build, security]\n  retry_on_failure: true\n  notify_on_success: true\n"
                    .utf8)
        ).get()
        #expect(
            text == """
                apiVersion: martlet.dev/v1alpha1
                kind: Pipeline
                metadata:
                  name: ci
                spec:
                  stages:
                    - name: lint
                      retry:
                        limit: 2
                    - name: test
                      needs: [lint]
                      retry:
                        limit: 2
                    - name: build
                      needs: [test]
                      retry:
                        limit: 2
                    - name: security
                      needs: [build]
                      retry:
                        limit: 2
                  notifications:
                    slack:
                      events: [Succeeded, Failed]

                """)
        var loader = ManifestLoader()
        loader.add(file: "ci.yaml", bytes: Array(text.utf8))
        let set = loader.finish()
        #expect(!set.hasErrors)
        #expect(set.pipelines.first?.spec.stages.map(\.needs) == [[], ["lint"], ["test"], ["build"]])
    }

    @Test func `a stage of the user's own is marked as one that needs a script`() throws {
        let text = try convertShortForm(Array("pipeline: {name: shop, stages: [test, deploy]}".utf8)).get()
        #expect(
            text == """
                apiVersion: martlet.dev/v1alpha1
                kind: Pipeline
                metadata:
                  name: shop
                spec:
                  stages:
                    - name: test
                    # add `run:` with a script: no agent does `deploy` by itself
                    - name: deploy
                      needs: [test]

                """)
    }

    @Test(
        arguments: [
            ("notify_on_success: true", [.succeeded, .failed]), ("notify_on_failure: true", [.failed]),
            ("{notify_on_success: true, notify_on_failure: false}", [.succeeded]), ("notify_on_success: false", []),
            ("notify_on_failure: yes", [.failed]),
        ] as [(String, [SlackSpec.Event])])
    func `who is told`(_ flags: String, _ events: [SlackSpec.Event]) throws {
        let flags = flags.hasPrefix("{") ? String(flags.dropFirst().dropLast()) : flags
        let text = try convertShortForm(Array("pipeline: {stages: [lint], \(flags)}".utf8)).get()
        var loader = ManifestLoader()
        loader.add(file: "ci.yaml", bytes: Array(text.utf8))
        #expect(loader.finish().pipelines.first?.spec.notifications?.slack?.events ?? [] == events)
    }

    @Test(arguments: [
        ("", ["f: error: there is no pipeline here"]),
        ("a: 1\n---\nb: 2", ["f:3:1: error: there is more than one document here"]),
        ("[a]", ["f:1:1: error: `pipeline` is missing (write pipeline: {stages: [lint, test]})"]),
        (
            "pipline: {stages: [lint]}",
            [
                "f:1:1: error: pipline: unknown field `pipline` (did you mean `pipeline`?)",
                "f:1:1: error: `pipeline` is missing (write pipeline: {stages: [lint, test]})",
            ]
        ),
        (
            "pipeline:\n  stage: [lint]",
            [
                "f:2:3: error: pipeline.stage: unknown field `stage` (did you mean `stages`?)",
                "f:2:3: error: pipeline: `stages` is missing (add `stages: [lint, test, build, security]`)",
            ]
        ),
        (
            "pipeline:\n  stages: [lint, Unit Test, lint, 3]\n  retry_on_failure: 2\n  retries: 1",
            [
                "f:4:3: error: pipeline.retries: unknown field `retries` (known here: name, stages, retry_on_failure, notify_on_success, notify_on_failure)",
                "f:2:18: error: pipeline.stages[1]: \"Unit Test\" must be lower-case letters, digits and `-`, and begin and end with one of the first two",
                "f:2:29: error: pipeline.stages[2]: `lint` is listed twice (rename one of them)",
                "f:2:35: error: pipeline.stages[3]: must be a name (quote it: \"3\")",
                "f:3:21: error: pipeline.retry_on_failure: must be true or false",
            ]
        ),
        (
            "pipeline: {stages: lint}",
            [
                "f:1:20: error: pipeline.stages: must be a list of 1 to 64 names (write it as [lint, test])"
            ]
        ),
    ])
    func `mistakes have their place`(_ text: String, _ expect: [String]) {
        switch convertShortForm(Array(text.utf8)) {
        case .success(let text): Issue.record("\(text)")
        case .failure(let error): #expect(error.problems.map { $0.line(file: "f") } == expect)
        }
    }
}
