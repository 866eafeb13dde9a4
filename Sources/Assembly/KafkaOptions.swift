package import AgentProtocol
package import Kafka
internal import KafkaTransport

/// Where Kafka is, and how its topics are named.
package struct KafkaOptions: Sendable {
    /// Nil for the embedded broker.
    package var cluster: KafkaSettings?
    package var topics = Topics()
    package var partitions = Topics.defaultPartitions

    package init() {}

    var plan: TopicPlan {
        var plan = TopicPlan()
        plan.partitions = partitions
        return plan
    }
}
