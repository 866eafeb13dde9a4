import CKafka
import Glibc
import Synchronization

/// The one owner of a client of librdkafka (`rd_kafka_t`) with its queue and its topics.
///
/// It lends the pointer through closures. `destroy` waits until every loan has ended and no other begins, so nobody
/// ever uses a client that is gone.
// Unchecked: librdkafka's client is made for use on many threads; `pointer` changes under `lock` alone, the rest never.
final class ClientHandle: @unchecked Sendable {
    enum Kind: Equatable {
        case producer
        case consumer
        /// A client for questions alone, whose main queue nobody polls: it gets no callbacks but the log's.
        case admin
    }

    let inbox: CallbackInbox
    private let kind: Kind
    private let lock: UnsafeMutablePointer<pthread_rwlock_t>
    private let closing = Atomic<Bool>(false)
    private var pointer: OpaquePointer?
    private var queue: OpaquePointer?
    private var topics: [String: OpaquePointer] = [:]

    init(
        _ kind: Kind, _ settings: KafkaSettings, topicSettings: [String: KafkaSettings] = [:],
        log: KafkaLogHandler?
    ) throws(KafkaError) {
        self.kind = kind
        inbox = CallbackInbox(log: log)
        lock = .allocate(capacity: 1)
        pthread_rwlock_init(lock, nil)

        let configuration = try Configuration(settings)
        configuration.setCallbacks(inbox, for: kind)
        pointer = try configuration.makeClient(kind == .producer ? RD_KAFKA_PRODUCER : RD_KAFKA_CONSUMER)
        // Balanced in `destroy`, after which no callback runs.
        _ = Unmanaged.passRetained(inbox)

        do throws(KafkaError) {
            switch kind {
            case .producer: queue = rd_kafka_queue_get_main(pointer)
            case .consumer:
                try KafkaError.check(rd_kafka_poll_set_consumer(pointer))
                queue = rd_kafka_queue_get_consumer(pointer)
            case .admin: break
            }
            for (name, settings) in topicSettings.sorted(by: { $0.key < $1.key }) {
                topics[name] = try makeTopic(name, settings)
            }
        } catch {
            destroy()
            throw error
        }
    }

    deinit {
        destroy()
        pthread_rwlock_destroy(lock)
        lock.deallocate()
    }

    var isClosing: Bool { closing.load(ordering: .acquiring) }

    /// Ends lending, and wakes the thread that polls. True for the first caller.
    @discardableResult
    func beginClosing() -> Bool {
        let first = !closing.exchange(true, ordering: .acquiringAndReleasing)
        wake()
        return first
    }

    /// Makes the poll that is under way, or else the next one, return at once.
    func wake() {
        pthread_rwlock_rdlock(lock)
        defer { pthread_rwlock_unlock(lock) }
        if pointer != nil, let queue { rd_kafka_queue_yield(queue) }
    }

    /// Lends the client. Any number of threads may hold it at once.
    func withClient<Value>(
        _ body: (OpaquePointer) throws(KafkaError) -> Value
    ) throws(KafkaError) -> Value {
        if isClosing { throw .closed }
        pthread_rwlock_rdlock(lock)
        defer { pthread_rwlock_unlock(lock) }
        guard let pointer else { throw .closed }
        return try body(pointer)
    }

    /// Lends the client to the thread that polls it and will destroy it, even while it is closing.
    func withClientOfOwner(_ body: (OpaquePointer) -> Void) {
        if let pointer { body(pointer) }
    }

    /// Lends the client with the queue its replies go to.
    func withQueue<Value>(
        _ body: (OpaquePointer, OpaquePointer) throws(KafkaError) -> Value
    ) throws(KafkaError) -> Value {
        try withClient { client throws(KafkaError) in
            guard let queue else { throw KafkaError(.state) }
            return try body(client, queue)
        }
    }

    /// The topic of a name that has settings of its own. Valid while the client is lent.
    func topic(_ name: String) -> OpaquePointer? { topics[name] }

    /// Destroys the client. Blocks until all loans have ended and librdkafka's threads have stopped.
    func destroy() {
        closing.store(true, ordering: .releasing)
        // Taken out under the lock, destroyed outside it: nobody waits here while librdkafka's threads stop.
        pthread_rwlock_wrlock(lock)
        let (client, itsQueue, itsTopics) = (pointer, queue, topics)
        (pointer, queue, topics) = (nil, nil, [:])
        pthread_rwlock_unlock(lock)
        guard let client else { return }
        for topic in itsTopics.values { rd_kafka_topic_destroy(topic) }
        if let itsQueue { rd_kafka_queue_destroy(itsQueue) }
        // Without a group there is nothing to leave, and the implicit close would serve callbacks.
        rd_kafka_destroy_flags(client, kind == .consumer ? RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE : 0)
        // Balances the retain in `init`: librdkafka's threads are gone, so no callback can come.
        Unmanaged.passUnretained(inbox).release()
    }

    private func makeTopic(_ name: String, _ settings: KafkaSettings) throws(KafkaError) -> OpaquePointer {
        guard let configuration = rd_kafka_default_topic_conf_dup(pointer) else { throw KafkaError(.failed) }
        do throws(KafkaError) {
            for property in settings.properties {
                try Configuration.set(property) { name, value, text, size in
                    rd_kafka_topic_conf_set(configuration, name, value, text, size)
                }
            }
        } catch {
            rd_kafka_topic_conf_destroy(configuration)
            throw error
        }
        // On success the topic owns the configuration.
        guard let topic = rd_kafka_topic_new(pointer, name, configuration) else {
            let code = KafkaError.Code(rd_kafka_last_error())
            rd_kafka_topic_conf_destroy(configuration)
            throw KafkaError(code, about: .topic(name))
        }
        return topic
    }
}
