import Document
import Testing

struct ExcerptTests {
    @Test(arguments: [
        ("", ""),
        ("short", "short"),
        ("two\r\nlines\t\0", "two  lines  "),
        (String(repeating: "é", count: 60), String(repeating: "é", count: 60)),
        (String(repeating: "é", count: 61), String(repeating: "é", count: 60) + "…"),
    ])
    func `a text in a message is short and has no line ends`(text: String, excerpt: String) {
        #expect(text.excerpt == excerpt)
    }
}
