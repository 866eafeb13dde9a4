import CKafka
import Threads

/// Produces messages: idempotent, acknowledged by all replicas, without lingering.
///
/// Guarantees: every accepted message is answered exactly once, by its delivery or by an error, on the producer's own
/// thread; `close` answers what is left. Messages accepted from one thread for one partition are written in that order.
///
/// A message waits for a broker as long as its topic's `message.timeout.ms` says (librdkafka's default is 5 minutes; 0
/// is no limit), in a queue bounded by `queue.buffering.max.messages` and `queue.buffering.max.kbytes`.
package final class KafkaProducer: Sendable {
    package enum Event: Sendable {
        /// The producer is of no more use, mostly because idempotence can't be kept up: make a new one, and send again
        /// what this one hasn't acknowledged.
        case fatal(KafkaError)
        /// A broker can't be reached, or refuses this client. librdkafka goes on trying.
        case failure(KafkaError)
    }

    package typealias DeliveryHandler = @Sendable (Result<KafkaDelivery, KafkaError>) -> Void

    /// What holds unless the caller's settings say otherwise.
    ///
    /// Nagle's algorithm off and short reconnects are for latency; the partitioner is the one Java's clients use.
    package static let defaults: KafkaSettings = [
        "enable.idempotence": "true",
        "acks": "all",
        "linger.ms": "0",
        "partitioner": "murmur2_random",
        "socket.nagle.disable": "true",
        "reconnect.backoff.ms": "50",
        "reconnect.backoff.max.ms": "1000",
        "socket.connection.setup.timeout.ms": "10000",
    ]

    private let loop: ProducerLoop

    /// Makes a producer and starts its thread. It doesn't wait for a broker.
    ///
    /// `topicSettings` gives topics properties of their own, such as another `message.timeout.ms`. `onEvent` is called
    /// on the producer's thread.
    package init(
        _ settings: KafkaSettings, topicSettings: [String: KafkaSettings] = [:], log: KafkaLogHandler? = nil,
        onEvent: @escaping @Sendable (Event) -> Void = { _ in }
    ) throws(KafkaError) {
        let handle = try ClientHandle(
            .producer, Self.defaults.overridden(by: settings), topicSettings: topicSettings, log: log)
        loop = ProducerLoop(handle: handle, onEvent: onEvent)
        let loop = loop
        try NamedThread.serve("kafka-produce") { loop.run() }
    }

    // The backstop of an owner that forgot `close`: the thread ends by itself and destroys the client.
    deinit { loop.handle.beginClosing() }

    /// Accepts a message, and says later on the producer's thread what became of it. Never blocks.
    ///
    /// Throws, and never calls back, if the queue is full (`.queueFull`), the message is larger than
    /// `message.max.bytes` (`.messageTooLarge`), the topic is known not to have the partition, or the producer is
    /// closed or has had a fatal error. The handler may produce, but should be quick: other deliveries wait for it.
    package func produce(
        _ message: KafkaMessage, onDelivery: @escaping DeliveryHandler
    ) throws(KafkaError) {
        try loop.produce(message, onDelivery: onDelivery)
    }

    /// Produces a message and waits for its acknowledgement.
    ///
    /// Cancelling the task doesn't take the message back: the wait ends with the message's time limit, a purge or
    /// `close`.
    package func send(_ message: KafkaMessage) async throws(KafkaError) -> KafkaDelivery {
        let result = await withCheckedContinuation { continuation in
            do throws(KafkaError) {
                try loop.produce(message) { continuation.resume(returning: $0) }
            } catch {
                continuation.resume(returning: .failure(error))
            }
        }
        return try result.get()
    }

    /// Accepted messages that haven't been answered yet.
    package var outstanding: Int { loop.outstanding }

    /// Drops everything not yet acknowledged, which is then answered by `.purgedInQueue` or `.purgedInFlight`. Doesn't
    /// wait for that. The producer can be used on.
    package func purge() throws(KafkaError) {
        try loop.handle.withClient { client throws(KafkaError) in
            try KafkaError.check(
                rd_kafka_purge(
                    client, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT | RD_KAFKA_PURGE_F_NON_BLOCKING))
        }
    }

    /// Waits until nothing is outstanding. Throws `.timedOut` if that takes longer; the messages stay.
    package func flush(timeout: Duration) async throws(KafkaError) {
        try await loop.flush(deadline: .now + timeout)
    }

    /// Drops what is outstanding (`flush` first to send it), ends the thread and frees the client. May be called more
    /// than once; each call returns when all is done.
    package func close() async {
        await loop.close()
    }

    /// Puts the producer into the state a fatal error of librdkafka leaves it in. For tests of an owner's recovery.
    package func provokeFatalError(_ reason: String) throws(KafkaError) {
        try loop.handle.withClient { client throws(KafkaError) in
            try KafkaError.check(
                rd_kafka_test_fatal_error(client, RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER, reason))
        }
        loop.handle.wake()
    }
}
