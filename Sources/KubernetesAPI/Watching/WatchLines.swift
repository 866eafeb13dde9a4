/// Puts the lines of a stream together again, wherever its bytes were cut: between lines, within one, within a character.
struct WatchLines: Sendable {
    /// A line that has no end within the bound. What follows can't be trusted to begin at a line.
    struct TooLong: Error, Equatable {
        var limit: Int
    }

    /// The most bytes of a line. An object is at most 1.5 MiB in etcd as it comes, and a watch adds little to it.
    let limit: Int
    private var rest: [UInt8] = []

    init(limit: Int = 8 << 20) {
        self.limit = limit
    }

    /// Takes bytes, and gives the lines that they complete, without line ends and without empty lines.
    mutating func take(_ bytes: [UInt8]) throws(TooLong) -> [[UInt8]] {
        var lines: [[UInt8]] = []
        var start = 0
        while let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) {
            let isTooLong = rest.count + (end - start) > limit
            if isTooLong { throw TooLong(limit: limit) }
            var line: [UInt8]
            if rest.isEmpty {
                line = Array(bytes[start..<end])
            } else {
                line = rest + bytes[start..<end]
                rest = []
            }
            if line.last == UInt8(ascii: "\r") { line.removeLast() }
            if !line.isEmpty { lines.append(line) }
            start = end + 1
        }
        if rest.count + (bytes.count - start) > limit { throw TooLong(limit: limit) }
        rest += bytes[start...]
        return lines
    }

    /// Whether a line has begun and not ended, which at the stream's end means that it was cut.
    var isWithinLine: Bool { !rest.isEmpty }
}
