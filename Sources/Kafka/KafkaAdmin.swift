import CKafka
import Threads

/// A topic as the cluster describes it.
package struct KafkaTopic: Sendable, Hashable {
    package var name: String
    package var partitions: Int
    /// Why the cluster can't tell about it, or can't serve it.
    package var error: KafkaError.Code?

    package init(name: String, partitions: Int, error: KafkaError.Code? = nil) {
        self.name = name
        self.partitions = partitions
        self.error = error
    }
}

/// A topic to be made.
package struct KafkaTopicSpec: Sendable, Equatable {
    package var name: String
    package var partitions: Int
    /// Without one the cluster's own default holds (Kafka 2.4 and later).
    package var replicationFactor: Int?
    /// Topic settings of Kafka's, such as `retention.ms`.
    package var configuration: KafkaSettings

    package init(
        _ name: String, partitions: Int, replicationFactor: Int? = nil, configuration: KafkaSettings = [:]
    ) {
        self.name = name
        self.partitions = partitions
        self.replicationFactor = replicationFactor
        self.configuration = configuration
    }
}

/// Asks a cluster about its topics, and makes topics.
///
/// Every question blocks a thread of its own for at most its time limit. A question that times out says why the
/// brokers couldn't be talked to, if librdkafka knows.
package final class KafkaAdmin: Sendable {
    private let handle: ClientHandle

    package init(_ settings: KafkaSettings, log: KafkaLogHandler? = nil) throws(KafkaError) {
        let defaults: KafkaSettings = ["allow.auto.create.topics": "false", "socket.nagle.disable": "true"]
        handle = try ClientHandle(.admin, defaults.overridden(by: settings), log: log)
    }

    // Whoever drops an admin unclosed waits here for librdkafka's threads to stop.
    deinit { handle.destroy() }

    /// Throws unless a broker answers.
    package func checkReachable(timeout: Duration = .seconds(5)) async throws(KafkaError) {
        _ = try await metadata(allTopics: false, timeout)
    }

    /// All topics this client may see, by name.
    package func topics(timeout: Duration = .seconds(5)) async throws(KafkaError) -> [KafkaTopic] {
        try await metadata(allTopics: true, timeout).sorted { $0.name < $1.name }
    }

    /// How many partitions a topic has, or `nil` if there is none of that name. Never makes the topic.
    package func partitionCount(
        of topic: String, timeout: Duration = .seconds(5)
    ) async throws(KafkaError) -> Int? {
        guard let found = try await topics(timeout: timeout).first(where: { $0.name == topic }) else { return nil }
        if let code = found.error { throw KafkaError(code, about: .topic(topic)) }
        return found.partitions
    }

    /// Makes those of the topics that don't exist yet, and gives their names.
    ///
    /// A topic that exists is left as it is, whatever its partitions and settings. Throws the first refusal
    /// (`.topicNotAuthorized`, …) with the topic's name; others may have been made by then. The embedded broker has no
    /// controller to make topics, so there it ends in `.timedOut`.
    @discardableResult
    package func createTopics(
        _ specs: [KafkaTopicSpec], timeout: Duration = .seconds(10)
    ) async throws(KafkaError) -> [String] {
        if specs.isEmpty { return [] }
        return try await ask { client throws(KafkaError) in
            try CreateTopics(specs).perform(client, timeout.roundedUpMilliseconds)
        }
    }

    /// Deletes topics with all they hold: for tests, which leave nothing on a cluster. Throws the first refusal.
    package func deleteTopics(_ names: [String], timeout: Duration = .seconds(10)) async throws(KafkaError) {
        if names.isEmpty { return }
        try await ask { client throws(KafkaError) in
            try DeleteTopics(names: names).perform(client, timeout.roundedUpMilliseconds)
        }
    }

    /// Frees the client, once the questions under way have ended.
    package func close() async {
        let handle = handle
        handle.beginClosing()
        // Without a thread, `deinit` is left to do it.
        try? await NamedThread.run("kafka-close") { handle.destroy() }
    }

    private func metadata(allTopics: Bool, _ timeout: Duration) async throws(KafkaError) -> [KafkaTopic] {
        try await ask { client throws(KafkaError) in
            var metadata: UnsafePointer<rd_kafka_metadata>?
            try KafkaError.check(
                rd_kafka_metadata(client, allTopics ? 1 : 0, nil, &metadata, timeout.roundedUpMilliseconds))
            guard let metadata else { throw KafkaError(.failed) }
            defer { rd_kafka_metadata_destroy(metadata) }
            let topics = UnsafeBufferPointer(start: metadata.pointee.topics, count: Int(metadata.pointee.topic_cnt))
            return topics.map { topic in
                KafkaTopic(
                    name: topic.topic.map { String(cString: $0) } ?? "", partitions: Int(topic.partition_cnt),
                    error: topic.err == RD_KAFKA_RESP_ERR_NO_ERROR ? nil : KafkaError.Code(topic.err))
            }
        }
    }

    private func ask<Value: Sendable>(
        _ question: @escaping @Sendable (OpaquePointer) throws(KafkaError) -> Value
    ) async throws(KafkaError) -> Value {
        let handle = handle
        do throws(KafkaError) {
            let value = try await NamedThread.run("kafka-ask") { () throws(KafkaError) in
                try handle.withClient(question)
            }
            _ = handle.inbox.takeLastFailure()
            return value
        } catch {
            let isVague = error.code == .timedOut || error.code == .transport
            guard isVague, let cause = handle.inbox.takeLastFailure() else { throw error }
            throw KafkaError(error.code, "\(error.reason): \(cause)", about: error.subject)
        }
    }
}
