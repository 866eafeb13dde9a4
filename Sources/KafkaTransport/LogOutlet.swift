import AgentProtocol
import Kafka
import Synchronization

/// Sends agents' output, and leaves lines out where memory runs short: the next chunk of the same attempt says how many.
final class LogOutlet: Sendable {
    private let outlet: Outlet
    /// Lines left out of an attempt's output and not yet owned up to.
    private let missing = Mutex<[String: Int]>([:])

    init(outlet: Outlet) {
        self.outlet = outlet
    }

    var waitingBytes: Int { outlet.keptBytes }

    func send(_ chunk: LogChunk, stamp: MessageStamp, topic: String) {
        var chunk = chunk
        let fence = chunk.fence
        chunk.dropped += missing.withLock { $0.removeValue(forKey: fence) } ?? 0
        let isKept = keep(chunk, stamp, topic)
        guard !isKept else { return }
        let lost = chunk.dropped + chunk.lines
        if chunk.isLast {
            // Nothing follows that could say it, and who reads must learn that this is the end: it takes little room.
            chunk.text = ""
            chunk.dropped = lost
            _ = outlet.keep(stamp.record(.log(chunk), topic: topic), always: true) { _ in }
        } else {
            missing.withLock { $0[fence, default: 0] += lost }
        }
    }

    private func keep(_ chunk: LogChunk, _ stamp: MessageStamp, _ topic: String) -> Bool {
        let (fence, lines) = (chunk.fence, chunk.dropped + chunk.lines)
        return outlet.keep(stamp.record(.log(chunk), topic: topic)) { [self] isStored in
            if !isStored { missing.withLock { $0[fence, default: 0] += lines } }
        }
    }
}

extension LogChunk {
    fileprivate var lines: Int { text.utf8.reduce(0) { $0 + ($1 == UInt8(ascii: "\n") ? 1 : 0) } }
}
