package import Model

/// How long a stage that failed waits for its next attempt.
package enum BackOff {
    /// The wait after that failure (1 for the first) in microseconds: doubled with each failure up to the cap, and up
    /// to a tenth shorter by a hash of the fence, so that stages that fail together don't all come back together.
    package static func delay(_ retry: Retry, failures: Int, fence: Fence) -> Int64 {
        let cap = Int64(max(0, retry.maxBackoffSeconds)) * 1_000_000
        let first = Int64(max(0, retry.backoffSeconds)) * 1_000_000
        let doublings = min(max(0, failures - 1), 20)
        let (wait, overflow) = first.multipliedReportingOverflow(by: 1 << Int64(doublings))
        let whole = min(overflow ? cap : wait, cap)
        return whole - whole / 10 * Int64(stableHash(fence.description) % 1000) / 1000
    }
}

/// FNV-1a over the bytes of a text: the same in every process, unlike Swift's own hashes.
func stableHash(_ text: String) -> UInt64 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in text.utf8 {
        hash ^= UInt64(byte)
        hash = hash &* 0x0000_0100_0000_01B3
    }
    return hash
}
