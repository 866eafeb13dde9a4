import AgentProtocol
import Kafka

/// The consumers of one link at one address, and questions to the brokers there.
final class LinkSession: Sendable {
    let generation: Int
    let address: BrokerAddress
    let quick: KafkaConsumer
    /// On the embedded broker a second one that asks less often. Only one of them has partitions at a time; the other
    /// one stays connected, so that changing over takes no longer than an assignment.
    let slow: KafkaConsumer?
    private let configuration: KafkaLinkConfiguration

    init(
        generation: Int, address: BrokerAddress, configuration: KafkaLinkConfiguration,
        log: @escaping KafkaLogHandler, onEvent: @escaping @Sendable (KafkaConsumer.Event) -> Void,
        onRecords: @escaping KafkaConsumer.RecordHandler
    ) throws(KafkaError) {
        self.generation = generation
        self.address = address
        self.configuration = configuration
        let settings = ClientSettings(configuration: configuration, address: address)
        quick = try KafkaConsumer(
            settings.consumer(wait: ClientSettings.quickWait), log: log, onEvent: onEvent, onRecords: onRecords)
        slow =
            address.isEmbedded
            ? try KafkaConsumer(
                settings.consumer(wait: ClientSettings.slowWait), log: log, onEvent: onEvent, onRecords: onRecords)
            : nil
    }

    func reader(isQuick: Bool) -> KafkaConsumer { isQuick ? quick : slow ?? quick }

    func close() async {
        await quick.close()
        await slow?.close()
    }

    /// How many partitions each of the topics has, those made first that are missing.
    func ensure(_ names: [String]) async throws(KafkaError) -> [String: Int] {
        let admin = try KafkaAdmin(ClientSettings(configuration: configuration, address: address).admin)
        let result = await Self.result { () async throws(KafkaError) in
            let counts = try await Self.counts(names, admin)
            let missing = names.filter { counts[$0] == nil }
            if missing.isEmpty { return counts }
            try await self.make(missing, admin)
            return try await Self.counts(names, admin)
        }
        await admin.close()
        let counts = try result.get()
        if let name = names.first(where: { counts[$0] == nil }) {
            throw KafkaError(.unknownTopic, about: .topic(name))
        }
        return counts
    }

    /// The inboxes there are: each topic `agent.<kind>` with its number of partitions.
    func inboxes() async throws(KafkaError) -> [(kind: String, partitions: Int)] {
        let admin = try KafkaAdmin(ClientSettings(configuration: configuration, address: address).admin)
        let result = await Self.result { () async throws(KafkaError) in try await admin.topics() }
        await admin.close()
        return try result.get().compactMap { topic in
            configuration.topics.kind(ofInbox: topic.name).map { (kind: $0, partitions: topic.partitions) }
        }
    }

    private func make(_ names: [String], _ admin: KafkaAdmin) async throws(KafkaError) {
        guard address.isEmbedded else {
            try await admin.createTopics(names.map { configuration.plan.spec(for: $0, of: configuration.topics) })
            return
        }
        if let broker = configuration.ownBroker {
            for name in names {
                try await broker.createTopic(name, partitions: configuration.plan.embeddedPartitions(of: name))
            }
            return
        }
        // Another process's broker takes no request for topics, but makes one (of 4 partitions) when a client that
        // would have it made asks about it.
        let settings = ClientSettings(configuration: configuration, address: address).consumer(wait: 100)
        let asker = try KafkaConsumer(settings.overridden(by: ["allow.auto.create.topics": "true"])) { _ in }
        let result = await Self.result { () async throws(KafkaError) in
            for name in names { _ = try await asker.queryOffsets(KafkaPartition(name, 0)) }
        }
        await asker.close()
        try result.get()
    }

    private static func counts(_ names: [String], _ admin: KafkaAdmin) async throws(KafkaError) -> [String: Int] {
        var counts: [String: Int] = [:]
        for topic in try await admin.topics() where names.contains(topic.name) && topic.partitions > 0 {
            counts[topic.name] = topic.partitions
        }
        return counts
    }

    // So that a client can be closed, which takes an `await`, whichever way it went.
    private static func result<Value: Sendable>(
        _ body: () async throws(KafkaError) -> Value
    ) async -> Result<Value, KafkaError> {
        do throws(KafkaError) {
            return .success(try await body())
        } catch {
            return .failure(error)
        }
    }
}
