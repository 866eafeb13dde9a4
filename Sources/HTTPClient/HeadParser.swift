/// Reads a response's head from the lines that libcurl hands over: one call a line, line end included.
struct HeadParser {
    /// Far above what servers send.
    static let maxBytes = 256 << 10

    enum Outcome: Equatable {
        case goesOn
        case complete(HTTPHead)
        case tooLarge
    }

    private var head = HTTPHead(status: 0)
    private var bytes = 0
    private var isComplete = false

    mutating func read(_ line: some Collection<UInt8>) -> Outcome {
        // Trailers come the same way, after the body. Nobody wants them.
        guard !isComplete else { return .goesOn }
        bytes += line.count
        guard bytes <= Self.maxBytes else { return .tooLarge }

        let text = String(decoding: line, as: UTF8.self)
        let content = text.unicodeScalars.prefix { $0 != "\r" && $0 != "\n" }
        if content.isEmpty {
            // 100 and 103 announce that the real one follows.
            guard head.status >= 200 else { return .goesOn }
            isComplete = true
            return .complete(head)
        }
        if content.starts(with: "HTTP/".unicodeScalars) {
            let words = content.split(separator: " ", maxSplits: 2)
            head = HTTPHead(
                status: words.count > 1 ? Int(String(words[1])) ?? 0 : 0,
                version: String(String.UnicodeScalarView(words.first?.dropFirst(5) ?? content.prefix(0))))
        } else if let colon = content.firstIndex(of: ":") {
            let value = content[content.index(after: colon)...]
            head.headers.append(String(content[..<colon]), Self.trimmed(value))
        }
        return .goesOn
    }

    private static func trimmed(_ text: Substring.UnicodeScalarView) -> String {
        let isBlank = { (scalar: Unicode.Scalar) in scalar == " " || scalar == "\t" }
        guard let first = text.firstIndex(where: { !isBlank($0) }), let last = text.lastIndex(where: { !isBlank($0) })
        else { return "" }
        return String(text[first...last])
    }
}
