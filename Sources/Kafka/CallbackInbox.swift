import CKafka
import Synchronization

/// What librdkafka's callbacks leave for the thread that polls.
///
/// Callbacks must not call librdkafka (but for two functions made for them: its opaque pointer's getter and
/// `rd_kafka_yield`), and what an owner does on a delivery is its own affair. So they only note what happened, and the
/// polling thread acts on it once the poll has returned.
final class CallbackInbox: Sendable {
    enum Notice: Sendable {
        case delivered(reply: Int, code: KafkaError.Code, KafkaDelivery)
        case committed(reply: Int, code: KafkaError.Code)
        case failed(code: KafkaError.Code, reason: String)
    }

    private let notices = Mutex<[Notice]>([])
    private let lastFailure = Mutex<String?>(nil)
    private let log: KafkaLogHandler?

    init(log: KafkaLogHandler?) {
        self.log = log
    }

    func note(_ notice: Notice) {
        notices.withLock { $0.append(notice) }
    }

    func take() -> [Notice] {
        notices.withLock { notices in
            let taken = notices
            notices.removeAll(keepingCapacity: true)
            return taken
        }
    }

    func write(_ line: KafkaLogLine) {
        // LOG_ERR and worse: why a later call times out.
        if line.level <= 3 { lastFailure.withLock { $0 = line.text } }
        log?(line)
    }

    /// The last error of a client that has no error callback, which librdkafka then writes to its log.
    func takeLastFailure() -> String? {
        lastFailure.withLock { failure in
            defer { failure = nil }
            return failure
        }
    }

    /// Makes the poll that called back return once the callback has: a consumer's goes on waiting for messages else.
    static func endPoll(_ client: OpaquePointer?) {
        rd_kafka_yield(client)
    }

    /// The inbox behind a callback's opaque pointer.
    static func from(_ opaque: UnsafeMutableRawPointer?) -> CallbackInbox? {
        // Unretained: the client's handle holds a reference until librdkafka is destroyed.
        opaque.map { Unmanaged<CallbackInbox>.fromOpaque($0).takeUnretainedValue() }
    }
}
