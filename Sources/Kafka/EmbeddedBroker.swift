import CKafka
import Synchronization
import Threads

/// A Kafka broker inside the process: librdkafka's mock cluster with one broker, on a random port of 127.0.0.1.
///
/// For a single machine without Kafka, demonstrations and tests. Its limits:
/// - Log, committed offsets and port live in memory, and end with it.
/// - Topics are made by `createTopic`, with their final number of partitions; `KafkaAdmin.createTopics` times out.
///   A topic that a client names unmade comes into being with 4 partitions.
/// - A partition holds 5 MiB or 100,000 batches; then the oldest go without a word (`KafkaConsumer.Event.jumped`).
/// - A fetch that finds nothing waits for all of `fetch.wait.max.ms`, since nothing wakes it when something is
///   produced: set that to 1 ms for low latency, or more for less idle work.
/// - No TLS, SASL or ACLs. Anyone on this machine may connect.
package final class EmbeddedBroker: Sendable {
    /// Its address for clients, `127.0.0.1:PORT`.
    package let bootstrapServers: String
    private let cluster: MockCluster
    /// The port, while the broker is down.
    private let held = Mutex<HeldPort?>(nil)

    package init(log: KafkaLogHandler? = nil) throws(KafkaError) {
        cluster = try MockCluster(log: log)
        bootstrapServers = cluster.bootstrapServers
        tuneSocket()
    }

    private func tuneSocket() {
        if let port { ListeningSocket.tune(port: port) }
    }

    private var port: UInt16? { bootstrapServers.split(separator: ":").last.flatMap { UInt16($0) } }

    /// Settings that name this broker and suit it.
    ///
    /// After `setUp` it may leave a new connection's first request unanswered: hence the short limit for that.
    package var settings: KafkaSettings {
        [
            "bootstrap.servers": bootstrapServers, "broker.address.family": "v4", "fetch.wait.max.ms": "1",
            "socket.connection.setup.timeout.ms": "1000",
        ]
    }

    /// Makes a topic. One that exists is left as it is.
    package func createTopic(_ name: String, partitions: Int) async throws(KafkaError) {
        try await perform { cluster throws(KafkaError) in
            let code = rd_kafka_mock_topic_create(cluster, name, Int32(partitions), 1)
            if code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS { return }
            try KafkaError.check(code, about: .topic(name))
        }
    }

    /// Cuts all connections and takes no new ones. What it holds is kept. Nothing changes where it is down already.
    package func setDown() async throws(KafkaError) {
        let port = port
        try await perform { [self] cluster throws(KafkaError) in
            guard held.withLock({ $0 == nil }) else { return }
            try KafkaError.check(rd_kafka_mock_broker_set_down(cluster, -1))
            guard let port else { return }
            let holder = try HeldPort(port)
            held.withLock { $0 = holder }
        }
    }

    /// Takes connections again, at the same address. Nothing changes where it is up already.
    package func setUp() async throws(KafkaError) {
        try await perform { [self] cluster throws(KafkaError) in
            let wasDown = held.withLock { held in
                defer { held = nil }
                return held != nil
            }
            guard wasDown else { return }
            try KafkaError.check(rd_kafka_mock_broker_set_up(cluster, -1))
        }
        // It listens on a new socket now.
        tuneSocket()
    }

    /// Makes questions about a topic end in an error, such as `.topicNotAuthorized`, or no longer. For tests.
    package func setError(_ code: KafkaError.Code?, of topic: String) async throws(KafkaError) {
        try await perform { cluster in
            rd_kafka_mock_topic_set_error(cluster, topic, rd_kafka_resp_err_t(rawValue: code?.rawValue ?? 0))
        }
    }

    /// Ends the broker, and with it all it holds. May be called more than once.
    package func close() async {
        let cluster = cluster
        // Without a thread, `deinit` is left to do it.
        try? await NamedThread.run("kafka-close") { cluster.destroy() }
    }

    private func perform(
        _ body: @escaping @Sendable (OpaquePointer) throws(KafkaError) -> Void
    ) async throws(KafkaError) {
        let cluster = cluster
        // The cluster's own thread does it, and the caller's waits.
        try await NamedThread.run("kafka-broker") { () throws(KafkaError) in try cluster.withCluster(body) }
    }
}

/// The one owner of a mock cluster, and of the client that librdkafka wants for it.
// Unchecked: the pointer is used and changed under the mutex alone, which can't hold it as its value because lending
// it to a closure would count as letting it escape.
private final class MockCluster: @unchecked Sendable {
    let bootstrapServers: String
    private let handle: ClientHandle
    private let lock = Mutex(())
    private var pointer: OpaquePointer?

    init(log: KafkaLogHandler?) throws(KafkaError) {
        handle = try ClientHandle(.admin, [:], log: log)
        let made = try handle.withClient { client throws(KafkaError) in
            guard let cluster = rd_kafka_mock_cluster_new(client, 1) else {
                throw KafkaError(.failed, "the embedded broker couldn't listen on 127.0.0.1")
            }
            return cluster
        }
        pointer = made
        bootstrapServers = rd_kafka_mock_cluster_bootstraps(made).map { String(cString: $0) } ?? ""
    }

    // Whoever drops a broker unclosed waits here for its threads to stop.
    deinit { destroy() }

    func withCluster(_ body: (OpaquePointer) throws(KafkaError) -> Void) throws(KafkaError) {
        try lock.withLock { _ throws(KafkaError) in
            guard let pointer else { throw .closed }
            try body(pointer)
        }
    }

    /// Blocks until the cluster's thread has stopped.
    func destroy() {
        lock.withLock { _ in
            if let pointer { rd_kafka_mock_cluster_destroy(pointer) }
            pointer = nil
        }
        handle.destroy()
    }
}
