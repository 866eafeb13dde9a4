import Presentation
import Testing

@Suite struct TextTests {
    @Test(arguments: [
        ("plain text stays", "plain text", "plain text"),
        ("colours go", "\u{1B}[1;31mred\u{1B}[0m", "red"),
        ("the cursor isn't moved", "a\u{1B}[2J\u{1B}[H\u{1B}[10;3Hb", "ab"),
        ("a title isn't set", "\u{1B}]0;owned\u{7}text", "text"),
        ("nor one that ends the other way", "\u{1B}]8;;http://x\u{1B}\\text", "text"),
        ("nor in 8-bit controls", "\u{9D}0;owned\u{9C}text\u{9B}31m!", "text!"),
        ("a device string goes whole", "a\u{1B}P1$r0m\u{1B}\\b", "ab"),
        ("a sequence that is cut off goes", "text\u{1B}[31", "text"),
        ("a string without an end takes the rest", "text\u{1B}]0;abc", "text"),
        ("a broken sequence ends where text begins", "\u{1B}[31é", "é"),
        ("a character set isn't chosen", "\u{1B}(0text", "text"),
        ("tabs and line breaks become spaces", "a\tb\nc\u{2028}d", "a b c d"),
        ("bells and backspaces go", "a\u{7}\u{8}b\u{0}", "ab"),
        ("the direction of reading isn't turned", "a\u{202E}b\u{2066}c\u{200F}", "abc"),
        ("an emoji that is put together stays", "👩‍🚀 ok", "👩‍🚀 ok"),
        (
            "marks don't pile up", "e" + String(repeating: "\u{301}", count: 40),
            "e" + String(repeating: "\u{301}", count: 8)
        ),
    ])
    func cleans(_ name: String, _ text: String, _ expected: String) {
        #expect(text.terminalSafe == expected, "\(name)")
        #expect(Line(text).text == expected, "\(name)")
    }

    @Test(arguments: [
        ("lines stay", "one\ntwo\n", "one\ntwo\n"),
        ("a line without an end gets none", "one\ntwo", "one\ntwo"),
        ("of a progress bar the end stays", "10%\r50%\r100%\ndone\r\n", "100%\ndone\n"),
        ("tabs stay", "a\tb\n", "a\tb\n"),
        ("sequences end with their line", "\u{1B}]0;title\nnext\n", "\nnext\n"),
        ("empty lines stay", "\n\na\n", "\n\na\n"),
    ])
    func cleansLines(_ name: String, _ text: String, _ expected: String) {
        #expect(text.terminalSafeLines(colour: false) == expected, "\(name)")
    }

    @Test func coloursOfOutputStayWhereWantedAndEndWithTheirLine() {
        let text = "\u{1B}[31mred\u{1B}[2Knext\n\u{1B}[?25lplain\n"
        #expect(text.terminalSafeLines(colour: true) == "\u{1B}[31mrednext\u{1B}[0m\nplain\n")
    }

    @Test(arguments: [
        ("", 0), ("abc", 3), ("é", 1), ("e\u{301}", 1), ("日本", 4), ("한글", 4), ("👍", 2), ("👍🏽", 2), ("👩‍🚀", 2), ("🇩🇪", 2),
        ("✓", 1), ("☁", 1), ("☁\u{FE0F}", 2), ("ﾊ", 1), ("Ａ", 2), ("\u{200D}", 0), ("…", 1),
    ])
    func countsColumns(_ text: String, _ columns: Int) {
        #expect(text.columns == columns, "\(text)")
    }

    @Test(arguments: [
        ("short", 10, "short"), ("exactly", 7, "exactly"), ("too long", 5, "too …"), ("日本語", 4, "日…"), ("日本語", 3, "日…"),
        ("日本語", 2, "…"), ("abc", 0, ""), ("abc", 1, "…"),
    ])
    func cutsLines(_ text: String, _ width: Int, _ expected: String) {
        #expect(Line(text).truncated(to: width).text == expected)
    }

    @Test(arguments: [
        ("one two three", 7, 9, ["one two", "three"]),
        ("one two three", 8, 9, ["one two", "three"]),
        ("abcdefghij", 4, 9, ["abcd", "efgh", "ij"]),
        ("a bcdefghij", 4, 9, ["a", "bcde", "fghi", "j"]),
        ("one two three four", 7, 2, ["one two", "three …"]),
        ("日本語 日本", 5, 9, ["日本", "語", "日本"]),
        ("日本", 1, 9, ["…"]),
        ("", 5, 3, [""]),
    ])
    func wrapsLines(_ text: String, _ width: Int, _ count: Int, _ expected: [String]) {
        #expect(Line(text).wrapped(to: width, atMost: count).map(\.text) == expected)
    }

    @Test func inksSurviveCuttingAndVanishWithoutColour() {
        let line = Line("ok ", .green) + Line("and more", .dim)
        #expect(line.truncated(to: 6).rendered(colour: true).visible == "\\e[32mok \\e[0m\\e[2man…\\e[0m")
        #expect(line.rendered(colour: false) == "ok and more")
    }

    @Test(
        arguments: [
            (0, "0ms"), (85_400, "85ms"), (999_999, "999ms"), (1_000_000, "1.0s"), (4_290_000, "4.2s"),
            (59_990_000, "59.9s"), (63_000_000, "1m03s"), (3_599_000_000, "59m59s"), (7_500_000_000, "2h05m"),
            (273_600_000_000, "3d04h"), (-5, "0ms"),
        ] as [(Int64, String)])
    func writesDurations(_ microseconds: Int64, _ expected: String) {
        #expect(TimeText.duration(microseconds: microseconds) == expected)
    }

    @Test(
        arguments: [
            (0, "0s"), (59, "59s"), (60, "1m"), (7_199, "1h"), (86_399, "23h"), (300_000, "3d"), (-3, "0s"),
        ] as [(Int64, String)])
    func writesAges(_ seconds: Int64, _ expected: String) {
        #expect(TimeText.age(microseconds: seconds * 1_000_000) == expected)
    }

    @Test(arguments: [
        ("on a terminal", true, ["TERM": "xterm"], true),
        ("not into a file", false, ["TERM": "xterm"], false),
        ("not where NO_COLOR says so", true, ["TERM": "xterm", "NO_COLOR": "1"], false),
        ("an empty NO_COLOR says nothing", true, ["TERM": "xterm", "NO_COLOR": ""], true),
        ("not on a dumb terminal", true, ["TERM": "dumb"], false),
        ("not without a word about the terminal", true, [:], false),
        ("into a file where forced", false, ["CLICOLOR_FORCE": "1"], true),
        ("NO_COLOR is stronger", false, ["CLICOLOR_FORCE": "1", "NO_COLOR": "1"], false),
    ])
    func choosesColour(_ name: String, _ isTerminal: Bool, _ environment: [String: String], _ expected: Bool) {
        #expect(ColourChoice.isOn(isTerminal: isTerminal) { environment[$0] } == expected, "\(name)")
    }

    @Test func tablesAlignByColumnsOfTheTerminal() {
        var table = Table([Table.Column("NAME"), Table.Column("N", .right), Table.Column("END")])
        table.rows = [["日本", "1", "x"], ["e\u{301}", "12", ""], ["👍🏽 ok", "", "y"]]
        #expect(
            table.lines(width: nil).map(\.text) == [
                "NAME    N  END", "日本    1  x", "e\u{301}      12", "👍🏽 ok      y",
            ])
    }

    @Test func tablesGiveWayWhereTheyMay() {
        var table = Table([
            Table.Column("NAME"), Table.Column("WHERE", overflow: .cut, minimum: 6),
            Table.Column("WHAT", overflow: .wrap(2), minimum: 8),
        ])
        table.rows = [["first", "a long way off", "one two three four five"]]
        #expect(
            table.lines(width: 23).map(\.text) == [
                "NAME   WHERE   WHAT", "first  a lon…  one two", "               three f…",
            ])
        #expect(table.lines(width: nil).last?.text == "first  a long way off  one two three four five")
        #expect(table.lines(width: 10).allSatisfy { $0.columns <= 10 })
    }
}
