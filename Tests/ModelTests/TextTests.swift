import Model
import Testing

@Suite struct TimestampTests {
    @Test(
        arguments: [
            ("1970-01-01T00:00:00Z", 0),
            ("2026-11-22T10:15:00Z", 1_795_342_500_000_000),
            ("2026-11-22T10:15:00.123456Z", 1_795_342_500_123_456),
            ("2026-11-22T11:15:00.5+01:00", 1_795_342_500_500_000),
            ("2026-11-22t09:45:00z", 1_795_340_700_000_000),
            ("2026-11-22T10:15:00.123456789Z", 1_795_342_500_123_456),
            ("2024-02-29T00:00:00Z", 1_709_164_800_000_000),
            ("1969-12-31T23:59:59.999999Z", -1),
            ("0000-01-01T00:00:00Z", -62_167_219_200_000_000),
            ("9999-12-31T23:59:59Z", 253_402_300_799_000_000),
        ] as [(String, Int64)])
    func `reads what RFC 3339 allows`(_ text: String, _ microseconds: Int64) throws {
        #expect(try #require(Timestamp(text)).microseconds == microseconds)
    }

    @Test(arguments: [
        "", "2026-11-22", "2026-11-22 10:15:00Z", "2026-11-22T10:15:00", "2026-13-01T00:00:00Z", "2026-02-29T00:00:00Z",
        "2026-11-31T00:00:00Z", "2026-11-22T24:00:00Z", "2026-11-22T10:60:00Z", "2026-11-22T10:15:61Z",
        "2026-11-22T10:15:00.Z", "2026-11-22T10:15:00.1234567890Z", "2026-11-22T10:15:00+1:00",
        "2026-11-22T10:15:00Zx", "２026-11-22T10:15:00Z", "2026-11-22T10:15:00+24:00",
    ])
    func `refuses everything else`(_ text: String) {
        #expect(Timestamp(text) == nil)
    }

    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00Z"), (-1, "1969-12-31T23:59:59.999999Z"), (1, "1970-01-01T00:00:00.000001Z"),
            (1_795_342_500_120_000, "2026-11-22T10:15:00.120000Z"),
        ] as [(Int64, String)])
    func `writes UTC, with a fraction only where there is one`(_ microseconds: Int64, _ text: String) {
        #expect(Timestamp(microseconds: microseconds).description == text)
    }

    @Test func `every day of four centuries reads back as it was written`() throws {
        for day in stride(from: Int64(-80_000), to: 80_000, by: 1) {
            let time = Timestamp(microseconds: day * 86_400_000_000 + (day & 1) * 86_399_999_999)
            #expect(Timestamp(time.description) == time)
        }
    }

    @Test func `arithmetic stops at the ends of time`() {
        let last = Timestamp(microseconds: .max)
        let first = Timestamp(microseconds: .min)
        #expect(last.adding(seconds: 1) == last)
        #expect(first.adding(seconds: -1) == first)
        #expect(Timestamp(seconds: 0).adding(seconds: .max) == last)
        #expect(Timestamp(seconds: 0).adding(seconds: .min) == first)
        #expect(last.since(first) == .max && first.since(last) == .min)
        #expect(Timestamp(seconds: 10).since(Timestamp(seconds: 7)) == 3_000_000)
        #expect(!first.description.isEmpty && !last.description.isEmpty)
    }
}

@Suite struct TemplateTests {
    @Test(
        arguments: [
            ("", []), ("plain", [.literal("plain")]), ("a $ b $x", [.literal("a $ b $x")]),
            ("$(params.x)", [.reference(.param("x"))]),
            (
                "v$(params.x)-$(run.name)!",
                [
                    .literal("v"), .reference(.param("x")), .literal("-"), .reference(.run(.name)), .literal("!"),
                ]
            ),
            ("$$(params.x)", [.literal("$(params.x)")]),
            ("$$$(params.x)", [.literal("$$(params.x)")]),
            ("$(stages.test.3.results.image)", [.reference(.result(stage: "test.3", name: "image"))]),
            ("$(stages.results.results.x)", [.reference(.result(stage: "results", name: "x"))]),
            (
                "$(source.pullRequest)$(matrix.python)",
                [
                    .reference(.source(.pullRequest)), .reference(.matrix("python")),
                ]
            ),
            // A combining accent after `)` must not hide it.
            ("$(params.x)\u{301}", [.reference(.param("x")), .literal("\u{301}")]),
            ("é$(params.x)", [.literal("é"), .reference(.param("x"))]),
        ] as [(String, [Template.Part])])
    func `reads texts and references`(_ text: String, _ parts: [Template.Part]) throws {
        #expect(try Template.parse(text).get().parts == parts)
    }

    @Test(arguments: [
        ("$(params.x", "`$(params.x` has no closing `)`", "write $$( for a plain $("),
        (
            "$(date)", "`$(date)` is no reference",
            "known are params.NAME, stages.NAME.results.NAME, run.name, source.revision, matrix.AXIS; write $$( for a plain $("
        ),
        ("$(param.x)", "`$(param.x)` is no reference", "did you mean `params`?"),
        ("$(params.a.b)", "`$(params.a.b)` is no reference", "write $(params.NAME)"),
        ("$(params.)", "`$(params.)` is no reference", "write $(params.NAME)"),
        ("$(stages.build.image)", "`$(stages.build.image)` is no reference", "write $(stages.NAME.results.NAME)"),
        ("$(stages.results.x)", "`$(stages.results.x)` is no reference", "write $(stages.NAME.results.NAME)"),
        ("$(run.id)", "`$(run.id)` is no reference", "known are run.name, run.namespace, run.uid, run.pipeline"),
        (
            "$(\u{1B}[2J)", #"`$(\u{1b}[2J)` is no reference"#,
            "known are params.NAME, stages.NAME.results.NAME, run.name, source.revision, matrix.AXIS; write $$( for a plain $("
        ),
    ])
    func `says what is wrong with a reference`(_ text: String, _ message: String, _ hint: String) {
        #expect(Template.parse(text) == .failure(TemplateError(message: message, hint: hint)))
    }

    @Test func `a value is put in as it is, and never read for references again`() throws {
        let template = try Template.parse("a=$(params.a), $$(b)").get()
        #expect(try template.resolved { _ in "$(params.a)" } == "a=$(params.a), $(b)")
        #expect(throws: UnresolvedReference(.param("a"))) { try template.resolved { _ in nil } }
    }

    @Test(
        arguments: [
            (.param("image-tag"), "MARTLET_PARAM_IMAGE_TAG"), (.source(.revision), "MARTLET_REVISION"),
            (.result(stage: "test.3", name: "coverage"), "MARTLET_RESULT_TEST_3_COVERAGE"),
            (.matrix("python"), "MARTLET_MATRIX_PYTHON"), (.run(.name), "MARTLET_RUN"),
        ] as [(Reference, String)])
    func `a script finds a reference's value in a variable`(_ reference: Reference, _ name: String) {
        #expect(reference.environmentVariable == name)
    }
}

@Suite struct SmallTextTests {
    @Test(arguments: ["u/test/1", "u/test.3/12", "u/a/b/7"])
    func `a fence reads back as it was written`(_ text: String) throws {
        #expect(try #require(Fence(text)).description == text)
    }

    @Test(arguments: [
        "", "u", "u/1", "u//1", "/test/1", "u/test/0", "u/test/", "u/test/-1", "u/test/+1", "u/test/01",
        "u/test/1 ", "u/test/99999999999999999999",
    ])
    func `a fence has one spelling, and no part is missing`(_ text: String) {
        #expect(Fence(text) == nil)
    }

    @Test func `the parts of a fence end at the first and the last slash`() throws {
        let fence = try #require(Fence("u/a/b/7"))
        #expect(fence == Fence(run: "u", stage: "a/b", attempt: 7))
        #expect(Fence(run: "u", stage: "a", attempt: 2) < Fence(run: "u", stage: "a", attempt: 10))
    }

    @Test func `a map keeps the order of its keys whatever the order of coming`() {
        var map: StringMap = ["b": "2", "a": "1", "c": "3"]
        #expect(map.entries.map(\.key) == ["a", "b", "c"])
        map["b"] = nil
        map["a"] = "9"
        map["zz"] = nil
        #expect(map == ["a": "9", "c": "3"] && map["b"] == nil && map.count == 2)
        #expect((["a": "9"] as StringMap).isContained(in: map))
        #expect(!(["a": "1"] as StringMap).isContained(in: map) && !(["x": "1"] as StringMap).isContained(in: map))
        #expect(StringMap().isContained(in: StringMap()))
    }

    @Test(
        arguments: [
            ("neds", "needs"), ("Needs", "needs"), ("satge", "stage"), ("time", "timeoutSeconds"), ("xyz", nil),
            ("", nil),
            ("sta", "stage"), ("s", nil),
        ] as [(String, String?)])
    func `suggests what a slip of the hand was meant to be`(_ word: String, _ expect: String?) {
        #expect(Suggestion.nearest(to: word, among: ["needs", "stage", "timeoutSeconds"]) == expect)
    }

    @Test(arguments: [
        ("a\nb", "a\\nb"), ("\u{1B}[31m", "\\u{1b}[31m"), ("\u{202E}abc", "\\u{202e}abc"), ("é😀", "é😀"),
        ("12345", "1234…"), ("1234", "1234"),
    ])
    func `what is shown in a message is one harmless line`(_ text: String, _ expect: String) {
        #expect(text.shown(text.hasPrefix("1") ? 4 : 80) == expect)
    }

    @Test(
        arguments: [
            (["spec", "stages"], "spec.stages"), (["a.b/c"], "[\"a.b/c\"]"), (["labels", ""], "labels[\"\"]"),
        ] as [([String], String)])
    func `a path quotes keys that are no plain words`(_ keys: [String], _ expect: String) {
        #expect(keys.reduce(FieldPath()) { $0.key($1) }.description == expect)
    }
}
