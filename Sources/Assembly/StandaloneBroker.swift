package import AgentProtocol
internal import Kafka
internal import KafkaTransport

/// The embedded broker apart from any controller, with the topics of one installation.
///
/// For trying things and for tests: whatever it holds (topics, messages, positions) is in memory and ends with it.
package final class StandaloneBroker: Sendable {
    /// `127.0.0.1:PORT`, for `--kafka`.
    package var address: String { broker.bootstrapServers }

    private let broker: EmbeddedBroker

    /// Starts it and makes its topics: it makes none on request, so an agent's kind that isn't named here finds no inbox
    /// of the right size.
    package init(kinds: [String], topics: Topics) async throws {
        broker = try EmbeddedBroker()
        let partitions = TopicPlan().embeddedPartitions
        for name in topics.all(kinds: kinds) { try await broker.createTopic(name, partitions: partitions) }
    }

    /// Cuts all connections and takes no new ones; what it holds is kept.
    package func setDown() async throws { try await broker.setDown() }

    package func setUp() async throws { try await broker.setUp() }

    package func close() async { await broker.close() }
}
