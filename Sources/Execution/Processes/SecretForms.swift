/// The forms in which tools show a value.
enum SecretForms {
    static func of(_ value: [UInt8]) -> [[UInt8]] {
        var forms: [[UInt8]] = []
        let lines = value.split(whereSeparator: { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") })
        if lines.count > 1 { forms += lines.map(Array.init) }
        forms += base64(value)
        forms.append(percentEncoded(value, hex: "0123456789ABCDEF"))
        forms.append(percentEncoded(value, hex: "0123456789abcdef"))
        forms.append(escaped(value))
        return forms
    }

    /// The part of an encoded text that the value alone determines, for each of the three places where it may begin.
    private static func base64(_ value: [UInt8]) -> [[UInt8]] {
        var forms: [[UInt8]] = []
        for alphabet in [
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
        ] {
            let digits = Array(alphabet.utf8)
            for offset in 0..<3 {
                // Whole groups of six bits of the value, which begins `offset` bytes into a group of three.
                let firstBit = [0, 4, 2][offset]
                var form: [UInt8] = []
                var bit = firstBit
                while bit + 6 <= value.count * 8 {
                    let byte = bit / 8
                    let pair = UInt16(value[byte]) << 8 | (byte + 1 < value.count ? UInt16(value[byte + 1]) : 0)
                    form.append(digits[Int(pair >> UInt16(10 - bit % 8)) & 63])
                    bit += 6
                }
                forms.append(form)
            }
        }
        return forms
    }

    private static func percentEncoded(_ value: [UInt8], hex: String) -> [UInt8] {
        let digits = Array(hex.utf8)
        return value.flatMap { byte -> [UInt8] in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."),
                UInt8(ascii: "~"):
                [byte]
            default:
                [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
    }

    private static func escaped(_ value: [UInt8]) -> [UInt8] {
        value.flatMap { byte -> [UInt8] in
            switch byte {
            case UInt8(ascii: "\\"), UInt8(ascii: "\""): [UInt8(ascii: "\\"), byte]
            case UInt8(ascii: "\n"): Array("\\n".utf8)
            case UInt8(ascii: "\r"): Array("\\r".utf8)
            case UInt8(ascii: "\t"): Array("\\t".utf8)
            default: [byte]
            }
        }
    }
}
