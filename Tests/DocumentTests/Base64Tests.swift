import Document
import Testing

@Suite struct Base64Tests {
    @Test(arguments: [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
        ("foobar", "Zm9vYmFy"), ("\u{0}\u{3E}\u{3F}~", "AD4/fg=="),
    ])
    func `base64 is that of RFC 4648`(_ plain: String, _ encoded: String) {
        #expect(Base64.encoded(Array(plain.utf8)) == Array(encoded.utf8))
        #expect(Base64.decoded(Array(encoded.utf8)) == Array(plain.utf8))
    }

    @Test(arguments: ["Z", "Zg", "Zg=", "Zh==", "Z===", "====", "Zg==Zg==", "Zm9 ", "Zm_v", "Zm9v\n"])
    func `what isn't canonical base64 is refused`(_ text: String) {
        #expect(Base64.decoded(Array(text.utf8)) == nil)
    }
}
