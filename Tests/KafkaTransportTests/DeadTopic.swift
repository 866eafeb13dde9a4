import AgentProtocol
import Kafka

@testable import KafkaTransport

/// What has been set aside from a topic.
final class DeadTopic: Sendable {
    private let log = EventLog<KafkaRecord>()
    private let consumer: KafkaConsumer

    init(of topic: String, at place: Place) async throws {
        // The consumer's question would make it, with more partitions than are looked at here.
        try await place.broker?.createTopic(place.topics.dead(topic), partitions: 1)
        let log = log
        let settings: KafkaSettings = ["fetch.wait.max.ms": "10", "topic.metadata.refresh.fast.interval.ms": "50"]
        consumer = try KafkaConsumer(place.address.settings.overridden(by: settings)) { log.add($0) }
        try await consumer.assign([KafkaStart(place.topics.dead(topic), 0, .beginning)])
    }

    func records(_ count: Int) async -> [KafkaRecord] {
        await log.value { $0.count >= count ? $0 : nil }
    }

    func close() async { await consumer.close() }
}

extension KafkaRecord {
    func text(_ name: String) -> String? { header(name).map { String(decoding: $0, as: UTF8.self) } }
}
