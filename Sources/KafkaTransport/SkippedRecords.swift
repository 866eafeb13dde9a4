import AgentProtocol
import Kafka
import Logging
import Synchronization

/// Counts records that are no message for this process, and says so now and then.
final class SkippedRecords: Sendable {
    private struct State {
        var foreign = 0
        var unreadable = 0
        var unsaid = 0
        var lastSaid: ContinuousClock.Instant?
    }

    private let state = Mutex(State())
    private let logger: Logger

    init(logger: Logger) {
        self.logger = logger
    }

    var foreign: Int { state.withLock { $0.foreign } }
    var unreadable: Int { state.withLock { $0.unreadable } }

    func noteForeign() { state.withLock { $0.foreign += 1 } }

    func noteUnreadable(_ record: KafkaRecord, _ error: EnvelopeError) {
        let now = ContinuousClock.now
        let count: Int? = state.withLock { state in
            state.unreadable += 1
            state.unsaid += 1
            // A topic full of somebody else's records must not fill the log too.
            if let last = state.lastSaid, now - last < .seconds(10) { return nil }
            state.lastSaid = now
            defer { state.unsaid = 0 }
            return state.unsaid
        }
        guard let count else { return }
        logger.warning(
            "left out records that are no messages of the agent protocol",
            metadata: [
                "count": "\(count)", "last": "\(record.topic)[\(record.partition)]@\(record.offset)",
                "problem": "\(error)",
            ])
    }
}
