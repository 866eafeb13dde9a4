import Testing

@testable import Planning

@Suite("Bounded texts")
struct BoundedTextTests {
    @Test(arguments: [
        ("short", 10, "short"), ("exactly 10", 10, "exactly 10"), ("longer than 10", 10, "longer …"),
        ("äöü", 6, "äöü"), ("äöüä", 6, "ä…"), ("👩‍🚒", 4, "…"), ("", 0, ""), ("bell\u{7}", 10, "bell "),
        ("esc\u{1B}[31m", 10, "esc [31m"), ("\"\"\"\"", 6, "\"…"), ("a\nb", 10, "a\nb"),
    ])
    func `a text is cut between characters, and counted as JSON counts it`(text: String, limit: Int, expected: String) {
        #expect(bounded(text, to: limit) == expected)
        #expect(jsonSize(of: bounded(text, to: limit)) <= limit)
    }
}
