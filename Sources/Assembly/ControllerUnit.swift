internal import Agent
internal import AgentProtocol
internal import Controller
internal import Kafka
internal import KafkaTransport
internal import Logging
internal import Model
internal import Planning
internal import PrometheusMetrics
internal import Stores

/// What every controller's process has, whichever its home: the link to the brokers or a broker of its own, the log
/// store, and, once it leads, the controller with the agents inside.
final class ControllerUnit: Sendable {
    /// What differs between the homes.
    struct Home: Sendable {
        var store: any ResourceStore
        var installation: String
        /// Names this process in its messages.
        var source: String
        /// Whether sources may be `file:` URLs.
        var allowsLocalSources: Bool
        /// Says where this process keeps its positions in agents' output; the installation's own place when absent.
        var logGroup: String?
        /// Whether anybody may change what a run's spec has fixed.
        var notesSpecHash = false
        /// Asked before each write and each message.
        var mayAct: @Sendable () -> Bool = { true }
        /// Everything that this process sees.
        var board = RunBoard()
        /// Where webhooks and schedules have their runs made.
        var desk: @Sendable (RunBoard) -> any RunDesk
        /// Adds what is to be measured of this home.
        var addMetrics: @Sendable (MetricsRegistry) -> Void = { _ in }
    }

    let folder: StateFolder
    let logs: FolderLogStore
    let broker: EmbeddedBroker?
    private let options: ControllerOptions
    private let link: KafkaLink
    private let controller: Controller
    private let journal: JournalFile?
    private let agents: [AgentUnit]
    private let surroundings: Surroundings
    /// Ends when the topics have been made, and others may join.
    private let (untilReady, ready) = AsyncStream<Void>.makeStream()

    var recordCounts: RecordCounts { link.recordCounts }

    /// - Parameter folder: whose lock this process holds.
    init(
        _ options: ControllerOptions, _ home: Home, in folder: StateFolder, logs: FolderLogStore,
        observers: [any ControllerObserver]
    ) throws {
        self.options = options
        self.folder = folder
        self.logs = logs
        let kinds = options.agents.flatMap(\.kinds)
        var configuration = KafkaLinkConfiguration(
            installation: home.installation, topics: options.kafka.topics, logger: options.logger)
        configuration.plan = options.kafka.plan
        configuration.kinds = kinds
        configuration.publishesEvents = options.announcesEvents
        configuration.logGroup = home.logGroup
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
            link: link, controller: home.source, kinds: kinds, signer: trust?.signer, backlog: { mailbox.count }
        ) { [ready] events in
            if events.contains(.link(isUp: true)) { ready.finish() }
            mailbox.put(events)
        }
        let logger = options.logger
        journal = try options.journal.map { path in
            try JournalFile(path, version: options.version) { logger.warning("\($0)") }
        }
        surroundings = try Surroundings(
            options, home, link: link, channel: channel, tail: LogTail(logs: logs))
        var machine = ControllerConfiguration()
        machine.inProcessInstances = Set(options.agents.map(\.instance))
        machine.notesSpecHash = home.notesSpecHash
        controller = Controller(
            mailbox: mailbox, store: home.store, channel: channel,
            resolver: GitSourceResolver(
                folder: "\(folder.path)/controller", allowsLocal: home.allowsLocalSources,
                secrets: SecretStore(folder: options.secretsFolder, environment: ProcessVariables.all),
                rules: options.secretRules),
            logs: logs, observers: [home.board] + observers + surroundings.observers, configuration: machine,
            recorder: journal, mayAct: home.mayAct,
            serveChannel: { await channel.run() })
        surroundings.connect(controller)
        let executor = options.executor ?? Self.executor(options, in: folder)
        let link = link
        agents = try options.agents.map {
            try AgentUnit($0, link: link, verifier: trust?.verifier, executor: executor, logger: logger)
        }
    }

    /// How messages are signed, and known by the agents inside. Without a key a secret of this process does, since they
    /// listen to a topic that others may be able to write to; the embedded broker takes whoever is on this machine.
    private static func trust(_ options: ControllerOptions) -> (signer: MessageSigner, verifier: MessageVerifier)? {
        if let key = options.signingKey {
            return (MessageSigner(key), MessageVerifier(keys: [key.publicKey]))
        }
        if options.agents.isEmpty { return nil }
        let secret = ProcessSecret()
        return (MessageSigner(secret), MessageVerifier(secret))
    }

    /// One executor for all agents inside: they share mirrors and caches.
    private static func executor(_ options: ControllerOptions, in folder: StateFolder) -> any StageExecutor {
        guard var shared = options.agents.first else { return NoopExecutor() }
        shared.stateFolder = "\(folder.path)/agents/local"
        return ExecutorByKind(work: WorkExecutor(shared, environment: ProcessVariables.all))
    }

    /// Keeps up the link and the logs, whether this process leads or not, until the task is cancelled.
    func serveLink() async throws {
        let reader = KafkaLogReader(link: link, store: TappedLogStore(store: logs, tap: options.tapLogs))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.link.run() }
            group.addTask { await reader.run() }
            // The first failure ends the others; `waitForAll` would wait for them.
            for try await _ in group {}
        }
    }

    /// Serves webhooks and pages, where anybody wants that, until the task is cancelled.
    ///
    /// Apart from the link, which ends only when those who use it have: an address that is taken has to end them all.
    func serveWeb() async throws { try await surroundings.serve() }

    /// Decides, with the agents inside, until the task is cancelled or this process may no longer act.
    ///
    /// - Throws: `LeadershipLost`; nothing that has been produced and not yet acknowledged is sent then.
    func lead() async throws {
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await self.controller.run() }
                group.addTask { try await self.surroundings.lead() }
                // A drained agent has ended; the controller goes on without it.
                for agent in agents { group.addTask { try await agent.run() } }
                for try await _ in group {}
            }
        } catch let error as LeadershipLost {
            link.purge()
            throw error
        }
    }

    /// Returns once the topics are there, and agents of other processes may join.
    func untilOpen() async throws {
        for await _ in untilReady {}
        try Task.checkCancellation()
    }

    /// Has the agents inside finish what they run, and take nothing more; returns when they have, or when the time is up.
    func drain(for limit: Duration) async {
        announceStop()
        for agent in agents { agent.drain() }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { for agent in self.agents { await agent.ended() } }
            group.addTask { try? await Task.sleep(for: limit) }
            await group.next()
            group.cancelAll()
        }
    }

    /// From now on the process isn't ready.
    func announceStop() { surroundings.announceStop() }

    func close() async {
        await surroundings.close()
        await broker?.close()
        await journal?.close()
        logs.close()
    }
}

/// Keeps output, and shows it to somebody on the way.
private struct TappedLogStore: LogStore {
    let store: FolderLogStore
    let tap: (@Sendable ([LogChunk]) -> Void)?

    func append(_ chunks: [LogChunk]) async {
        await store.append(chunks)
        tap?(chunks)
    }

    func runs() async -> [String] { await store.runs() }
    func remove(runs uids: [String]) async { await store.remove(runs: uids) }
}
