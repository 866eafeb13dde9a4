internal import Document

/// A block of a PEM text (RFC 7468): `-----BEGIN label-----`, base64 in lines, `-----END label-----`.
struct PEM: Equatable {
    var label: String
    var content: [UInt8]

    var text: String {
        var text = "-----BEGIN \(label)-----\n"
        var rest = Base64.encoded(content)[...]
        while !rest.isEmpty {
            text += String(decoding: rest.prefix(64), as: UTF8.self) + "\n"
            rest = rest.dropFirst(64)
        }
        return text + "-----END \(label)-----\n"
    }

    /// The blocks of a text in their order; what stands around them is left alone, as others do.
    static func blocks(in text: String) throws(KeyError) -> [PEM] {
        var blocks: [PEM] = []
        var open: PEM?
        var digits: [UInt8] = []
        for line in text.split(whereSeparator: \.isNewline) {
            let line = line.filter { $0 != " " && $0 != "\t" || line.hasPrefix("-----") }
            if let label = label(of: line, "BEGIN") {
                open = PEM(label: label, content: [])
                digits = []
            } else if let label = label(of: line, "END"), var block = open {
                guard label == block.label else { throw .damaged("BEGIN \(block.label) is ended by END \(label)") }
                guard let content = Base64.decoded(digits) else {
                    // The way in which OpenSSL encrypted keys before PKCS#8 has headers within the block.
                    throw .damaged("what is between BEGIN and END \(label) is no base64")
                }
                block.content = content
                blocks.append(block)
                open = nil
            } else if open != nil {
                digits += Array(line.utf8)
            }
        }
        if let open { throw .damaged("END \(open.label) is missing") }
        return blocks
    }

    private static func label(of line: some StringProtocol, _ word: String) -> String? {
        guard line.hasPrefix("-----\(word) "), line.hasSuffix("-----"), line.utf8.count > 16 else { return nil }
        return String(line.dropFirst(6 + word.utf8.count).dropLast(5))
    }
}
