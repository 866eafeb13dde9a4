import Execution
import Testing

@Suite struct MaskerTests {
    @Test(arguments: [
        ("the token is s3cr3t-token!", "the token is ***"),
        ("s3cr3t-toke", "s3cr3t-toke"),
        ("s3cr3t-token!s3cr3t-token!", "******"),
        // base64 of "s3cr3t-token!" at each of the three places
        ("czNjcjN0LXRva2VuIQ==", "***IQ=="),
        ("url=https://u:s3cr3t-token%21@host", "url=https://u:***@host"),
        ("nothing", "nothing"),
    ])
    func valuesAndTheirFormsAreHidden(_ text: String, _ shown: String) {
        let masked = Masker(secrets: ["s3cr3t-token!"]).mask(text)
        if text.hasPrefix("czNj") {
            #expect(!masked.contains("czNjcjN0LXRva2Vu"))
        } else {
            #expect(masked == shown)
        }
    }

    @Test func base64IsHiddenWhereverTheValueStands() {
        let secret = "hunter2-hunter2"
        let masker = Masker(secrets: [secret])
        for prefix in ["", "a", "ab", "user:"] {
            let encoded = base64(Array("\(prefix)\(secret)xyz".utf8))
            let masked = masker.mask(encoded)
            #expect(masked.contains("***"), "\(prefix): \(encoded) → \(masked)")
            #expect(masked.utf8.count <= encoded.utf8.count - 15)
        }
    }

    @Test func aSecretSplitAnywhereIsHidden() {
        let masker = Masker(secrets: ["abcabd", "bcx"])
        let text = Array("..abcabcabd..abcx.ab".utf8)
        let whole = masker.mask(text)
        for first in 0...text.count {
            for second in first...text.count {
                var stream = masker.stream()
                var output = stream.mask(Array(text[..<first]))
                output += stream.mask(Array(text[first..<second]))
                output += stream.mask(Array(text[second...]))
                output += stream.finish()
                #expect(output == whole)
            }
        }
        #expect(String(decoding: whole, as: UTF8.self) == "..abc***..a***.ab")
    }

    @Test func secretsThatOverlapLeaveNothingBetweenThem() {
        #expect(Masker(secrets: ["abcdef", "defghi"]).mask("<abcdefghi>") == "<***>")
    }

    @Test func linesOfALongValueAreHiddenOneByOne() {
        let masker = Masker(secrets: ["-----BEGIN KEY-----\nline-one-of-key\nline-two-of-key\n-----END KEY-----\n"])
        #expect(masker.mask("x line-two-of-key y") == "x *** y")
        #expect(masker.mask("-----BEGIN KEY-----\nline-one-of-key\nline-two-of-key\n-----END KEY-----") == "***")
    }

    static let awkward = "p@ss w0rd/\"q\"<é>\\&'x'+~*\nsecond-line"

    @Test(arguments: [
        // What each of these programs prints for the value.
        ("python quote", "p%40ss%20w0rd/%22q%22%3C%C3%A9%3E%5C%26%27x%27%2B~%2A%0Asecond-line"),
        ("python quote, nothing kept", "p%40ss%20w0rd%2F%22q%22%3C%C3%A9%3E%5C%26%27x%27%2B~%2A%0Asecond-line"),
        ("python quote_plus", "p%40ss+w0rd%2F%22q%22%3C%C3%A9%3E%5C%26%27x%27%2B~%2A%0Asecond-line"),
        ("encodeURIComponent", "p%40ss%20w0rd%2F%22q%22%3C%C3%A9%3E%5C%26'x'%2B~*%0Asecond-line"),
        ("encodeURI", "p@ss%20w0rd/%22q%22%3C%C3%A9%3E%5C&'x'+~*%0Asecond-line"),
        ("a form, in lower case", "p%40ss+w0rd%2f%22q%22%3c%c3%a9%3e%5c%26%27x%27%2b%7e*%0asecond-line"),
        ("JSON", #"p@ss w0rd/\"q\"<é>\\&'x'+~*\nsecond-line"#),
        ("python json.dumps", #"p@ss w0rd/\"q\"<\u00e9>\\&'x'+~*\nsecond-line"#),
        ("PHP's json_encode", #"p@ss w0rd\/\"q\"<\u00e9>\\&'x'+~*\nsecond-line"#),
        ("Go's json.Marshal", #"p@ss w0rd/\"q\"\u003cé\u003e\\\u0026'x'+~*\nsecond-line"#),
        ("python html.escape", "p@ss w0rd/&quot;q&quot;&lt;é&gt;\\&amp;&#x27;x&#x27;+~*\nsecond-line"),
        ("XML", "p@ss w0rd/&quot;q&quot;&lt;é&gt;\\&amp;&apos;x&apos;+~*\nsecond-line"),
        ("a shell's quotes", #"p@ss w0rd/"q"<é>\&'\''x'\''+~*"# + "\nsecond-line"),
        ("its second line alone", "second-line"),
    ])
    func everyHabitOfEscapingIsKnown(_ name: String, _ shown: String) {
        let masker = Masker(secrets: [Self.awkward])
        #expect(masker.mask("a \(shown) b") == "a *** b", "\(name)")
    }

    @Test func base64IsHiddenAlsoWhereItIsBrokenIntoLines() {
        let secret = String((0..<200).map { Character(Unicode.Scalar(UInt8(33 + $0 * 7 % 90))) })
        let masker = Masker(secrets: [secret])
        for (prefix, lineEnd) in [("", "\n"), ("a", "\r\n"), ("ab", "\n"), ("user:", "\n")] {
            let encoded = Array(base64(Array("\(prefix)\(secret)".utf8)))
            for width in [5, 60, 64, 75, 76, 77, 100] {
                let lines = stride(from: 0, to: encoded.count, by: width).map { start in
                    String(encoded[start..<min(start + width, encoded.count)])
                }
                var stream = masker.stream()
                var output: [UInt8] = []
                // A byte at a time, as a slow program writes.
                for byte in (lines.joined(separator: lineEnd) + "\nend\n").utf8 { output += stream.mask([byte]) }
                output += stream.finish()
                let shown = String(decoding: output, as: UTF8.self)
                #expect(shown.hasSuffix("\nend\n"))
                // What the value alone doesn't determine, and up to three digits before the first break.
                #expect(shown.count < 30, "\(width): \(shown)")
            }
        }
    }

    @Test func aLineThatIsNoSecretDoesNotWaitForTheNext() {
        var stream = Masker(secrets: ["hunter2-hunter2"]).stream()
        // The first digits of its base64, at each of the three places.
        for text in ["x aHV\n", "x hun\n", "x 1bn\n", "x odW\n"] {
            #expect(stream.mask(Array(text.utf8)) == Array(text.utf8), "\(text)")
        }
    }

    @Test func endlessLineBreaksAreNotHeldBack() {
        var stream = Masker(secrets: ["hunter2-hunter2"]).stream()
        let output = stream.mask(Array(("aHVudGVy" + String(repeating: "\n", count: 10_000)).utf8))
        #expect(output.count > 9_000)
    }

    @Test(arguments: [
        ("token s3cr3t-tok", "token ***"), ("token s3cr", "token ***"), ("token s3c", "token s3c"),
        ("base64 czNjcjN0LXRv", "base64 ***"), ("s3cr3t-token! and more", "*** and more"), ("nothing", "nothing"),
    ])
    func ofATextThatWasCutTheBeginningOfASecretIsHidden(_ text: String, _ shown: String) {
        #expect(Masker(secrets: ["s3cr3t-token!"]).mask(cut: text) == shown)
    }

    @Test func valuesTooShortToHideAreReported() {
        let masker = Masker(secrets: ["1", ""])
        #expect(masker.hasUnmaskable)
        #expect(masker.mask("1 + 1") == "1 + 1")
    }

    private func base64(_ bytes: [UInt8]) -> String {
        let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        var text = ""
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            let bits = group.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - group.count))
            for index in 0...3 {
                text.append(index <= group.count ? digits[bits >> (18 - 6 * index) & 63] : "=")
            }
        }
        return text
    }
}
