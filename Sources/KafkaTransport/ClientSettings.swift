import AgentProtocol
import Kafka

/// The settings of one process's clients at one address. A user's own come last, and so win.
struct ClientSettings {
    /// How long a fetch waits for something on the embedded broker, which wakes none: the floor of every hand-over.
    static let quickWait = 1
    /// The same while nothing is expected: 20 requests a second cost next to nothing.
    static let slowWait = 50

    let configuration: KafkaLinkConfiguration
    let address: BrokerAddress

    private var common: KafkaSettings { ["client.id": configuration.clientID] }

    func consumer(wait: Int) -> KafkaSettings {
        common.overridden(by: [
            "group.id": configuration.group,
            // A real broker answers the moment that there is something.
            "fetch.wait.max.ms": "\(address.isEmbedded ? wait : 500)",
            "fetch.min.bytes": "1",
        ])
        .overridden(by: address.settings)
    }

    var admin: KafkaSettings { common.overridden(by: address.settings) }

    /// Reads output, held back by its store: it keeps less, and asks less often.
    var logConsumer: KafkaSettings {
        let own = consumer(wait: Self.slowWait).overridden(by: ["queued.max.messages.kbytes": "4096"])
        return configuration.logGroup.map { own.overridden(by: ["group.id": "\(configuration.group)-\($0)"]) } ?? own
    }

    /// For whatever somebody waits for. Messages to agents are worth nothing past the claim deadline.
    var producer: KafkaSettings {
        common.overridden(by: ["message.timeout.ms": "10000"])
            .overridden(by: queue).overridden(by: address.settings)
    }

    /// The topics that a producer knows from its beginning: librdkafka asks about those as soon as it is connected, and
    /// about one that comes up later only after up to a second.
    var producerTopics: [String: KafkaSettings] {
        var topics: [String: KafkaSettings] = [
            configuration.topics.results: ["message.timeout.ms": "0"],
            configuration.topics.presence: ["message.timeout.ms": "3000"],
        ]
        // Without a limit of time: what timed out would be overtaken by what is sent before it is sent again.
        if configuration.publishesEvents { topics[configuration.topics.events] = ["message.timeout.ms": "0"] }
        for kind in configuration.kinds { topics[configuration.topics.inbox(kind)] = [:] }
        return topics
    }

    var logProducerTopics: [String: KafkaSettings] { [configuration.topics.logs: [:]] }

    /// For output alone: brokers answer a connection's requests in turn, and no report is to stand behind a megabyte of
    /// somebody's test log. Nobody notices 5 ms there, and they save most of the requests.
    var logProducer: KafkaSettings {
        common.overridden(by: ["message.timeout.ms": "0", "linger.ms": "5"])
            .overridden(by: queue).overridden(by: address.settings)
    }

    /// Wider than the bounds of `Outlet`, which are the ones that count.
    private var queue: KafkaSettings {
        ["queue.buffering.max.kbytes": "262144", "queue.buffering.max.messages": "1000000"]
    }
}
