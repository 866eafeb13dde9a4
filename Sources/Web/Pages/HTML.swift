/// A piece of a page. What a literal says is markup, and what is put into one is text, escaped: nothing that comes from
/// outside can become markup.
struct HTML: ExpressibleByStringInterpolation, Sendable {
    private(set) var text: String

    /// Literals only: call it with nothing that comes from outside.
    init(stringLiteral markup: String) {
        text = markup
    }

    init(stringInterpolation pieces: Interpolation) {
        text = pieces.text
    }

    struct Interpolation: StringInterpolationProtocol {
        fileprivate var text = ""

        init(literalCapacity: Int, interpolationCount: Int) {
            text.reserveCapacity(literalCapacity + interpolationCount * 16)
        }

        mutating func appendLiteral(_ markup: String) { text += markup }

        mutating func appendInterpolation(_ plain: some StringProtocol) {
            for scalar in plain.unicodeScalars {
                switch scalar {
                case "&": text += "&amp;"
                case "<": text += "&lt;"
                case ">": text += "&gt;"
                case "\"": text += "&quot;"
                case "'": text += "&#39;"
                case "\n", "\t": text.unicodeScalars.append(scalar)
                default: text.unicodeScalars.append(Self.isShowable(scalar) ? scalar : "\u{FFFD}")
                }
            }
        }

        mutating func appendInterpolation(_ number: Int) { text += String(number) }

        mutating func appendInterpolation(_ html: HTML) { text += html.text }

        /// Not so what would turn the text around it, or what HTML knows no meaning of.
        private static func isShowable(_ scalar: Unicode.Scalar) -> Bool {
            switch scalar.value {
            case 0..<0x20, 0x7F..<0xA0, 0x202A...0x202E, 0x2066...0x2069: false
            default: true
            }
        }
    }

    static func += (html: inout HTML, other: HTML) { html.text += other.text }
}

extension Sequence {
    /// One piece for each element, one after another.
    func html(_ piece: (Element) -> HTML) -> HTML {
        var all: HTML = ""
        for element in self { all += piece(element) }
        return all
    }
}
