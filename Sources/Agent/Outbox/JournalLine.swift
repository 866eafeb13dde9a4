internal import AgentProtocol
internal import Document
internal import Model

/// One line of the journal: `<checksum> +<number> <JSON>` or `<checksum> -<number>`.
enum JournalLine {
    static func bytes(number: Int, report: AgentReport?) -> [UInt8] {
        var line: [UInt8]
        if let report {
            let envelope = envelope(report)
            // JSON never holds a line feed.
            line = Array("+\(number) ".utf8) + envelope.value
        } else {
            line = Array("-\(number)".utf8)
        }
        return Array("\(checksum(line)) ".utf8) + line + [UInt8(ascii: "\n")]
    }

    /// The reports that were kept and not dropped. Lines that are torn or damaged are left out.
    static func live(in bytes: [UInt8]) -> [Int: AgentReport] {
        var live: [Int: AgentReport] = [:]
        for line in bytes.split(separator: UInt8(ascii: "\n")) {
            guard let space = line.firstIndex(of: UInt8(ascii: " ")) else { continue }
            let body = Array(line[(space + 1)...])
            guard String(decoding: line[..<space], as: UTF8.self) == checksum(body), let sign = body.first else {
                continue
            }
            let parts = body.dropFirst().split(separator: UInt8(ascii: " "), maxSplits: 1)
            guard let number = parts.first.flatMap({ Int(String(decoding: $0, as: UTF8.self)) }) else { continue }
            if sign == UInt8(ascii: "-") {
                live[number] = nil
            } else if sign == UInt8(ascii: "+"), parts.count == 2, let report = report(Array(parts[1])) {
                live[number] = report
            }
        }
        return live
    }

    /// Only `finished` is kept: the headers that its reader wants are always the same.
    private static func envelope(_ report: AgentReport) -> Envelope {
        Envelope(
            id: "0", source: "/agents", installation: "-", time: Timestamp(microseconds: 0), message: .report(report))
    }

    private static let headers: [Envelope.Header] = {
        let none = AgentReport(
            fence: Fence(run: "r", stage: "s", attempt: 1), agent: "a", instance: "i", digest: "d",
            event: .finished(StageOutcome(.succeeded)))
        return envelope(none).headers
    }()

    private static func report(_ json: [UInt8]) -> AgentReport? {
        guard case .success(let envelope) = Envelope.decode(headers: headers, value: json),
            case .report(let report) = envelope.message
        else { return nil }
        return report
    }

    /// FNV-1a: enough to tell a torn line from a whole one.
    private static func checksum(_ bytes: [UInt8]) -> String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return String(hash, radix: 16)
    }
}
