extension APIRequest {
    /// Path and query as they go into a URL.
    var target: String {
        guard !query.isEmpty else { return path }
        let pairs = query.map { "\(Self.encoded($0.name))=\(Self.encoded($0.value))" }
        return path + "?" + pairs.joined(separator: "&")
    }

    /// After how many seconds without a byte a watch leads nowhere: its server ends it after `timeoutSeconds`, so one that
    /// is silent for longer is held open by something in between, such as a load balancer, and would be for ever.
    var longestSilence: Int? {
        query.first { $0.name == "timeoutSeconds" }.flatMap { Int($0.value) }.map { max(0, min($0, 86_400)) + 30 }
    }

    /// Percent-encodes everything but RFC 3986's unreserved characters.
    package static func encoded(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                bytes.append(byte)
            default:
                bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
