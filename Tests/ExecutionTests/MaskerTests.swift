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
