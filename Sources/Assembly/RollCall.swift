package import Controller
internal import KafkaTransport
package import Logging
internal import Model
package import Stores
internal import Synchronization

/// Asks Kafka who is there, beside the controller.
package enum RollCall {
    /// An agent that is there shows itself at least once within this time.
    private static let limit = Duration.seconds(4)

    /// The agents that have shown themselves lately, at given brokers or at the embedded one that the state folder names.
    /// Where nobody has, it waits for one presence interval.
    ///
    /// - Throws: why they can't be asked; the description says what to do.
    package static func agents(in folder: StateFolder, kafka: KafkaOptions, logger: Logger) async throws -> AgentRoll {
        var configuration = KafkaLinkConfiguration(
            installation: folder.installation, topics: kafka.topics, logger: logger)
        configuration.plan = kafka.plan
        configuration.clientID = "martlet-command"
        let address: KafkaTransport.BrokerAddress
        if let cluster = kafka.cluster {
            address = .cluster(cluster)
        } else {
            guard let broker = try folder.broker(), broker.isAlive else { throw RollCallError.noBroker }
            address = .embedded(broker.address)
        }
        let roll = Keeper()
        try await PresenceReader(configuration, address: address).read(
            within: limit, isEnough: { roll.value.withLock { $0.hasLiving(at: Moment.now.wall) } },
            { heard in roll.value.withLock { $0.take(heard.presence, at: heard.time) } })
        return roll.value.withLock { $0 }
    }

    private final class Keeper: Sendable {
        let value = Mutex(AgentRoll())
    }
}

/// Why agents can't be asked for.
package enum RollCallError: Error, CustomStringConvertible {
    case noBroker

    package var description: String {
        "the state folder names no broker that is alive (name your own with --kafka)"
    }
}
