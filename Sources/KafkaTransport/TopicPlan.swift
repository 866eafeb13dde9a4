import AgentProtocol
import Kafka

/// How topics are made that are missing. One that exists is used as it is.
package struct TopicPlan: Equatable, Sendable {
    /// On real brokers.
    package var partitions = Topics.defaultPartitions
    /// On the embedded broker, where every fetch asks for every partition once a millisecond, and gets one batch of
    /// each: fewer cost less while idle, more carry more.
    package var embeddedPartitions = 8
    /// Without one the cluster's own default holds.
    package var replicationFactor: Int?

    package init() {}

    /// How many partitions a topic gets on the embedded broker.
    func embeddedPartitions(of name: String) -> Int { Topics.isDead(name) ? 1 : embeddedPartitions }

    /// A topic and how long its records are kept.
    func spec(for name: String, of topics: Topics) -> KafkaTopicSpec {
        let minute = 60_000
        let retention: Int =
            switch name {
            case topics.presence: 10 * minute
            case topics.results: 24 * 60 * minute
            case _ where Topics.isDead(name): 24 * 60 * minute
            case topics.logs: 7 * 24 * 60 * minute
            default: 60 * minute
            }
        return KafkaTopicSpec(
            name, partitions: Topics.isDead(name) ? 1 : partitions, replicationFactor: replicationFactor,
            configuration: [
                "cleanup.policy": "delete", "retention.ms": "\(retention)",
                // Brokers delete whole segments, and never the one that is being written.
                "segment.ms": "\(min(retention, 24 * 60 * minute))",
            ])
    }
}
