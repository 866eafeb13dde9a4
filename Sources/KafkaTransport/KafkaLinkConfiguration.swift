package import AgentProtocol
package import Kafka
package import Logging

/// What holds for a process's link to Kafka, whatever the broker's address.
package struct KafkaLinkConfiguration: Sendable {
    /// Whose messages are read; all others are ignored.
    package var installation: String
    package var topics: Topics
    package var plan = TopicPlan()
    /// Names the process in the brokers' logs and quotas.
    package var clientID = "martlet"
    /// The embedded broker that this process owns, which alone can make topics there.
    package var ownBroker: EmbeddedBroker?
    /// Whether positions are kept at the broker, for whoever reads on after this process. An embedded broker ends with its
    /// process and its positions with it; asking it for them would cost a second, until it has named a coordinator.
    package var keepsPositions = true
    /// Where this process keeps its positions in agents' output, when they are its own and not the installation's: of
    /// several replicas each keeps all output.
    package var logGroup: String?
    /// Kinds of agents that are going to be told something; others may be all the same.
    package var kinds: [String] = []
    /// Whether this process publishes events: they then wait through an outage without limit of time, and in their order.
    package var publishesEvents = false
    /// How long reading stays quick on the embedded broker after the last traffic was expected.
    package var linger = Duration.seconds(3)
    /// What reports that wait for their acknowledgement may take; beyond it they are refused.
    package var reportBytes = 64 << 20
    /// What output that waits for its acknowledgement may take; beyond it lines are left out, with a mark.
    package var logBytes = 8 << 20
    package var logger: Logger

    package init(installation: String, topics: Topics = Topics(), logger: Logger) {
        self.installation = installation
        self.topics = topics
        self.logger = logger
    }

    /// Where a partition's reading begins that has no position. The process's own broker has lost nothing yet, and a number
    /// spares the question for the oldest offset, which librdkafka puts half a second after it learns of a topic.
    var beginning: KafkaStart.Place { ownBroker == nil ? .beginning : .at(0) }

    /// The group under which positions are kept; nobody ever joins it.
    var group: String { "\(topics.prefix)martlet-\(installation)" }
}
