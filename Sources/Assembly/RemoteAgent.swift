package import Agent
package import AgentProtocol
internal import Kafka
internal import KafkaTransport
package import Logging
internal import Stores

/// An agent as its own process: at real brokers, or at the embedded one that a state folder names.
package final class RemoteAgent: Sendable {
    private let link: KafkaLink
    private let unit: AgentUnit

    /// - Parameters:
    ///   - state: the controller's state folder, which names the installation, and the broker where Kafka isn't given.
    ///   - installation: instead of the state folder's, for an agent on another machine.
    ///   - verifyKeys: any of which must have signed what the agent obeys; without one it obeys whoever can write to its
    ///     topic.
    /// - Throws: `StateError`, `KafkaError`, or what the agent's own folder is guilty of.
    package init(
        _ configuration: AgentConfiguration, state: String?, installation: String?, kafka: KafkaOptions,
        verifyKeys: [VerifyingKey] = [],
        executor: (any StageExecutor)? = nil, logger: Logger
    ) throws {
        let folder = try state.map { try StateFolder.existing(at: $0) }
        guard let id = installation ?? folder?.installation else { throw AgentAssemblyError.noInstallation }
        var linkConfiguration = KafkaLinkConfiguration(installation: id, topics: kafka.topics, logger: logger)
        linkConfiguration.plan = kafka.plan
        linkConfiguration.clientID = "martlet-agent"
        if let cluster = kafka.cluster {
            link = KafkaLink(linkConfiguration, address: .cluster(cluster))
        } else if let folder {
            link = KafkaLink(linkConfiguration, addresses: try Self.addresses(of: folder))
        } else {
            throw AgentAssemblyError.noBroker
        }
        let executor = executor ?? ExecutorByKind(work: WorkExecutor(configuration, environment: ProcessVariables.all))
        unit = try AgentUnit(
            configuration, link: link, verifier: verifyKeys.isEmpty ? nil : MessageVerifier(keys: verifyKeys),
            executor: executor, logger: logger)
    }

    /// The broker's address whenever it is another one that is alive.
    private static func addresses(of folder: StateFolder) throws -> AsyncStream<KafkaTransport.BrokerAddress> {
        let brokers = try folder.brokers()
        return AsyncStream(bufferingPolicy: .bufferingNewest(1)) { continuation in
            let task = Task {
                for await broker in brokers {
                    if let broker, broker.isAlive { continuation.yield(.embedded(broker.address)) }
                }
                continuation.finish()
            }
            continuation.onTermination = { _ in task.cancel() }
        }
    }

    package func drain() { unit.drain() }
    package func shutDown() { unit.shutDown() }

    /// Works until it has been drained, or its task is cancelled.
    package func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.link.run() }
            group.addTask { try await self.unit.run() }
            // The agent has ended, or the link can't work.
            try await group.next()
            group.cancelAll()
            try? await group.waitForAll()
        }
    }
}

/// What is missing for an agent to find its controller.
package enum AgentAssemblyError: Error, CustomStringConvertible {
    case noInstallation
    case noBroker

    package var description: String {
        switch self {
        case .noInstallation:
            "the agent doesn't know which installation it belongs to: give --state DIR, or --installation ID"
        case .noBroker:
            "no broker is named: give --kafka HOST:PORT, or --state DIR of a controller with an embedded broker"
        }
    }
}
