package import Agent
package import AgentProtocol
package import KafkaTransport
package import Logging

/// One agent with its channel.
package final class AgentUnit: Sendable {
    package let configuration: AgentConfiguration
    private let channel: KafkaControllerChannel
    private let service: AgentService
    private let (endings, end) = AsyncStream<Void>.makeStream()

    /// - Parameter verifier: knows the controllers that the agent obeys; without one it obeys anybody who writes to its
    ///   topic.
    package init(
        _ configuration: AgentConfiguration, link: KafkaLink, verifier: MessageVerifier?,
        executor: any StageExecutor, logger: Logger
    ) throws {
        self.configuration = configuration
        let relay = Relay<ControllerChannelEvent>()
        channel = KafkaControllerChannel(
            link: link, agent: configuration.id, instance: configuration.instance, kinds: configuration.kinds,
            verifier: verifier
        ) { relay.pass($0) }
        // An agent in the controller's process ends with it: its reports have nobody to be kept for.
        let isInProcess = configuration.instance.hasPrefix(AgentConfiguration.inProcessPrefix)
        let storage = isInProcess ? nil : try configuration.stateFolder.map { try OutboxJournal(folder: $0) }
        service = try AgentService(
            configuration: configuration, channel: channel, executor: executor, storage: storage, logger: logger)
        relay.connect { [service] in service.handle($0) }
    }

    package func drain() { service.drain() }
    package func shutDown() { service.shutDown() }

    /// Waits for the end of `run`, or of the waiting task.
    package func ended() async { for await _ in endings {} }

    /// Works until it has been drained, or its task is cancelled.
    package func run() async throws {
        defer { end.finish() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await self.channel.run() }
            try await service.run()
            group.cancelAll()
        }
    }
}
