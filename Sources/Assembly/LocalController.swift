internal import Agent
internal import AgentProtocol
package import Controller
internal import Kafka
package import KafkaTransport
internal import Logging
package import Manifests
internal import Model
internal import Planning
package import Stores

/// The folder home as one process: store, broker or brokers, controller, agents.
package final class LocalController: Sendable {
    package let folder: StateFolder
    package let store: FolderStore
    package let logs: FolderLogStore
    /// `HOST:PORT` of the embedded broker; nil with real brokers.
    package var brokerAddress: String? { broker?.bootstrapServers }
    /// What became of records that were no messages for this process: for metrics.
    package var recordCounts: RecordCounts { link.recordCounts }

    private let options: LocalOptions
    private let broker: EmbeddedBroker?
    private let link: KafkaLink
    private let controller: Controller
    private let journal: JournalFile?
    private let agents: [AgentUnit]
    /// Ends when the topics have been made, and others may join.
    private let (untilReady, ready) = AsyncStream<Void>.makeStream()

    /// Opens the state folder as its only controller, and starts the embedded broker where no other is named.
    ///
    /// - Throws: `StateError` for the folder, `KafkaError` for Kafka's settings.
    package init(_ options: LocalOptions, observers: [any ControllerObserver] = []) throws {
        self.options = options
        folder = try Self.makeFolder(options.state)
        store = try FolderStore(folder, manifests: options.manifests, report: options.reportProblems)
        do {
            logs = try FolderLogStore(folder)
        } catch {
            store.close()
            throw error
        }
        var configuration = KafkaLinkConfiguration(
            installation: folder.installation, topics: options.kafka.topics, logger: options.logger)
        configuration.plan = options.kafka.plan
        configuration.kinds = options.agents.flatMap(\.kinds)
        let address: KafkaTransport.BrokerAddress
        if let cluster = options.kafka.cluster {
            broker = nil
            address = .cluster(cluster)
        } else {
            let embedded = try EmbeddedBroker()
            broker = embedded
            configuration.ownBroker = embedded
            configuration.keepsPositions = false
            address = .embedded(embedded.bootstrapServers)
        }
        link = KafkaLink(configuration, address: address)
        let trust = Self.trust(options)
        let mailbox = Mailbox()
        let channel = KafkaAgentChannel(
            link: link, controller: folder.installation, kinds: options.agents.flatMap(\.kinds),
            signer: trust?.signer, backlog: { mailbox.count }
        ) { [ready] events in
            if events.contains(.link(isUp: true)) { ready.finish() }
            mailbox.put(events)
        }
        let logger = options.logger
        journal = try options.journal.map { path in
            try JournalFile(path, version: options.version) { logger.warning("\($0)") }
        }
        var machine = ControllerConfiguration()
        machine.inProcessInstances = Set(options.agents.map(\.instance))
        controller = Controller(
            mailbox: mailbox, store: store, channel: channel,
            resolver: GitSourceResolver(
                folder: "\(folder.path)/controller", allowsLocal: true,
                secrets: SecretStore(folder: options.secretsFolder, environment: ProcessVariables.all),
                rules: options.secretRules),
            observers: observers + [PassedOverNotice(folder: folder)], configuration: machine, recorder: journal,
            serveChannel: { await channel.run() })
        let executor = options.executor ?? Self.executor(options, in: folder)
        let link = link
        agents = try options.agents.map {
            try AgentUnit($0, link: link, verifier: trust?.verifier, executor: executor, logger: logger)
        }
    }

    /// How messages are signed, and known by the agents inside. Without a key a secret of this process does, since they
    /// listen to a topic that others may be able to write to; the embedded broker takes whoever is on this machine.
    private static func trust(_ options: LocalOptions) -> (signer: MessageSigner, verifier: MessageVerifier)? {
        if let key = options.signingKey {
            return (MessageSigner(key), MessageVerifier(keys: [key.publicKey]))
        }
        if options.agents.isEmpty { return nil }
        let secret = ProcessSecret()
        return (MessageSigner(secret), MessageVerifier(secret))
    }

    private static func makeFolder(_ path: String) throws(StateError) -> StateFolder {
        do throws(StateError) {
            return try StateFolder.create(at: path)
        } catch {
            guard error.kind == .notFound else { throw error }
            throw StateError(.notPermitted, path, "the folder can't be made: \(error.message)")
        }
    }

    /// Says where the embedded broker is, once agents of other processes find their topics there: one that they merely
    /// name is made with another number of partitions.
    private func announce() async throws {
        guard let broker else { return }
        for await _ in untilReady {}
        try Task.checkCancellation()
        try folder.announceBroker(Stores.BrokerAddress(address: broker.bootstrapServers))
    }

    /// One executor for all agents inside: they share mirrors and caches.
    private static func executor(_ options: LocalOptions, in folder: StateFolder) -> any StageExecutor {
        guard var shared = options.agents.first else { return NoopExecutor() }
        shared.stateFolder = "\(folder.path)/agents/local"
        return ExecutorByKind(work: WorkExecutor(shared, environment: ProcessVariables.all))
    }

    /// Reads the manifests; see `FolderStore.load`.
    package func load(strictly: Bool) throws -> [FileProblem] {
        try store.load(strictly: strictly)
    }

    /// Works until the task is cancelled. The agents inside are killed then: drain them first.
    package func run() async throws {
        let result: Result<Void, any Error>
        do {
            try await serve()
            result = .success(())
        } catch {
            result = .failure(error)
        }
        if broker != nil { folder.withdrawBroker() }
        await broker?.close()
        await journal?.close()
        logs.close()
        store.close()
        if case .failure(let error) = result, !(error is CancellationError) { throw error }
    }

    private func serve() async throws {
        let reader = KafkaLogReader(link: link, store: TappedLogStore(store: logs, tap: options.tapLogs))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.link.run() }
            group.addTask { try await self.store.run() }
            group.addTask { try await self.controller.run() }
            group.addTask { await reader.run() }
            group.addTask { try await self.announce() }
            for agent in agents {
                group.addTask {
                    try await agent.run()
                    // A drained agent has ended; the controller goes on without it.
                }
            }
            group.addTask { try await Task.sleep(for: .seconds(Int32.max)) }
            try await group.waitForAll()
        }
    }

    /// Has the agents inside finish what they run, and take nothing more; returns when they have, or when the time is up.
    package func drain(for limit: Duration) async {
        for agent in agents { agent.drain() }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { for agent in self.agents { await agent.ended() } }
            group.addTask { try? await Task.sleep(for: limit) }
            await group.next()
            group.cancelAll()
        }
    }
}

/// Leaves word for commands of what the controller alone knows. The file is tiny and changes seldom.
private struct PassedOverNotice: ControllerObserver {
    let folder: StateFolder

    init(folder: StateFolder) {
        self.folder = folder
        // What a controller before this one has decided holds no longer.
        passedOver([])
    }

    func passedOver(_ instances: [PassedOver]) {
        // Only a command's answer is poorer without it.
        try? folder.announce(passedOver: instances)
    }

    func observed(_ run: PipelineRun, happenings: [Happening], isStored: Bool) {}
    func unplaced(_ stages: [Placement.Unplaced]) {}
    func warned(_ problem: String) {}
}

/// Keeps output, and shows it to somebody on the way.
private struct TappedLogStore: LogStore {
    let store: FolderLogStore
    let tap: (@Sendable ([LogChunk]) -> Void)?

    func append(_ chunks: [LogChunk]) async {
        await store.append(chunks)
        tap?(chunks)
    }
}
