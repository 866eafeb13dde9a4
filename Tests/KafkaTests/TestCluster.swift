import Glibc
import Kafka

/// A cluster for a test: the embedded broker, or the one that `MARTLET_TEST_KAFKA=HOST:PORT` names.
enum TestCluster: Sendable, CustomStringConvertible {
    case embedded
    case real(String)

    static let all: [TestCluster] =
        [.embedded] + (getenv("MARTLET_TEST_KAFKA").map { [.real(String(cString: $0))] } ?? [])

    var description: String {
        switch self {
        case .embedded: "the embedded broker"
        case .real(let servers): servers
        }
    }

    /// Lends a topic of its own with a client's settings for it.
    func withTopic(
        partitions: Int = 1, _ body: (KafkaSettings, String) async throws -> Void
    ) async throws {
        let topic = "test.\(UInt64.random(in: 0 ... .max))"
        switch self {
        case .embedded:
            let broker = try EmbeddedBroker()
            try await broker.createTopic(topic, partitions: partitions)
            try await closing(broker) { try await body(broker.settings, topic) }
        case .real(let servers):
            let settings = KafkaSettings(bootstrapServers: servers)
            let admin = try KafkaAdmin(settings)
            try await admin.createTopics([
                KafkaTopicSpec(topic, partitions: partitions, configuration: ["retention.ms": "3600000"])
            ])
            await admin.close()
            try await body(settings, topic)
        }
    }

    private func closing(_ broker: EmbeddedBroker, _ body: () async throws -> Void) async throws {
        do { try await body() } catch {
            await broker.close()
            throw error
        }
        await broker.close()
    }
}

/// An embedded broker with one topic, for tests that take it down.
func withBroker(
    partitions: Int = 1, _ body: (EmbeddedBroker, String) async throws -> Void
) async throws {
    let broker = try EmbeddedBroker()
    try await broker.createTopic("work", partitions: partitions)
    do { try await body(broker, "work") } catch {
        await broker.close()
        throw error
    }
    await broker.close()
}

/// A consumer that writes all it is told into journals.
struct Reader {
    let records = Journal<KafkaRecord>()
    let events = Journal<KafkaConsumer.Event>()
    let consumer: KafkaConsumer

    init(_ settings: KafkaSettings) throws {
        let (records, events) = (records, events)
        consumer = try KafkaConsumer(
            settings, onEvent: { events.append($0) }, onRecords: { records.append(contentsOf: $0) })
    }
}

extension KafkaMessage {
    init(_ topic: String, _ text: String, partition: Int32? = 0) {
        self.init(topic: topic, partition: partition, value: Array(text.utf8))
    }
}

extension KafkaRecord {
    var text: String { String(decoding: value ?? [], as: UTF8.self) }
}

/// The error a call throws, for a look at its parts.
func kafkaError(_ body: () async throws -> Void) async -> KafkaError? {
    do {
        try await body()
        return nil
    } catch { return error as? KafkaError }
}
