/// What happened in a world: a hash of everything, and the lines of it where somebody wants to read them.
struct History {
    let keepsLines: Bool
    private(set) var lines: [String] = []
    /// FNV-1a over times and, where lines are kept, over them.
    private(set) var hash: UInt64 = 0xCBF2_9CE4_8422_2325

    init(keepsLines: Bool) {
        self.keepsLines = keepsLines
    }

    mutating func happened(at time: Int64) {
        hash = (hash ^ UInt64(bitPattern: time)) &* 0x0000_0100_0000_01B3
    }

    mutating func note(_ line: String, at time: Int64) {
        let line = "\(Self.clock(time))  \(line)"
        for byte in line.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        lines.append(line)
    }

    /// Seconds with their microseconds, right-aligned: `  12.000345`.
    static func clock(_ time: Int64) -> String {
        let whole = String(time / 1_000_000)
        let fraction = String(time % 1_000_000)
        return String(repeating: " ", count: max(0, 5 - whole.utf8.count)) + whole + "."
            + String(repeating: "0", count: 6 - fraction.utf8.count) + fraction
    }
}

/// A rule that did not hold.
package struct Violation: Equatable, Sendable {
    package var rule: String
    package var detail: String
    /// Virtual microseconds.
    package var time: Int64
}
