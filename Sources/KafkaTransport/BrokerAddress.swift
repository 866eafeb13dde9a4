package import Kafka

/// Where the broker is, and how to talk to it.
package struct BrokerAddress: Equatable, Sendable {
    /// `bootstrap.servers` and whatever properties of librdkafka the user has set: TLS, SASL, …
    package var settings: KafkaSettings
    /// Whether it is librdkafka's mock cluster, in this process or another one: that wakes no waiting fetch, and makes
    /// no topics on request.
    package var isEmbedded: Bool

    private init(settings: KafkaSettings, isEmbedded: Bool) {
        self.settings = settings
        self.isEmbedded = isEmbedded
    }

    /// Real brokers, with a user's own settings.
    package static func cluster(_ settings: KafkaSettings) -> BrokerAddress {
        BrokerAddress(settings: settings, isEmbedded: false)
    }

    /// An embedded broker at `127.0.0.1:PORT`, as its owner has written it down.
    package static func embedded(_ bootstrapServers: String) -> BrokerAddress {
        BrokerAddress(
            settings: ["bootstrap.servers": bootstrapServers, "broker.address.family": "v4"], isEmbedded: true)
    }
}
