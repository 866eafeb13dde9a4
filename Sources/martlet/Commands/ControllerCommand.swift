internal import AgentProtocol
internal import ArgumentParser
internal import Assembly
internal import Controller
internal import Document
internal import Glibc
internal import KubernetesAPI
internal import Logging
internal import Manifests
internal import Model
internal import Planning
internal import Stores
internal import Synchronization
internal import Web

struct ControllerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "controller",
        abstract: "Follows a folder of manifests, or a cluster's resources, and drives the runs, until told to stop.",
        discussion: """
            Agents are processes of their own (`martlet agent`), or live in this one with --agent. Without --kafka an \
            embedded broker starts here; agents on this machine find it through the state folder (with --kubernetes it \
            is for the agents inside alone). What runs is kept in the state folder, or in the cluster: after any end, \
            start it again and every run goes on.

            Examples:
              martlet controller --manifests manifests --agent lint --agent test
              martlet controller --manifests manifests --kafka kafka-1:9092
              martlet controller --kubernetes --kafka kafka-1:9092
              martlet controller --kubeconfig ~/.kube/config --agent shell --watch-namespace ci
            """)

    @OptionGroup var manifests: ManifestsOption
    @OptionGroup var kubernetes: KubernetesOptions
    @OptionGroup var leadership: LeadershipOptions

    @Option(help: ArgumentHelp("A kind of agent to have in this process. May be repeated.", valueName: "KIND"))
    var agent: [String] = []

    @OptionGroup var signing: SigningKeyOption
    @OptionGroup var options: SharedOptions
    @OptionGroup var journal: JournalOption
    @OptionGroup var web: WebOptions
    @OptionGroup var reporting: ReportingOptions

    func validate() throws {
        for kind in agent { try AgentCommand.requireKind(kind, as: "--agent") }
    }

    func run() async throws {
        hideMemory()
        let settings = try options.resolve(and: manifests, journal, signing, kubernetes, leadership, web, reporting)
        let logger = settings.logger("martlet")
        do {
            try await run(settings, logger)
        } catch let error as ListenError {
            throw CommandFailure(error.description).said(by: logger, asJSON: settings.logsJSON)
        } catch let failure as CommandFailure {
            throw failure.said(by: logger, asJSON: settings.logsJSON)
        }
    }

    private func run(_ settings: SettingValues, _ logger: Logger) async throws {
        try settings.requireOneHome()
        let agents = try agent.map { try settings.agent(kinds: [$0], id: "local-\($0)", isInProcess: true) }
        var options = try settings.controller(agents: agents, logger: logger)
        options.web = try settings.web()
        options.reporting = try settings.reporting()
        let listen = options.web?.listen
        options.listening = { port in
            guard var address = listen else { return }
            address.port = port
            logger.notice("listening on http://\(address)")
        }
        if let home = try settings.clusterHome() {
            try await run(home, options, settings)
        } else {
            try await runFolder(options, settings)
        }
    }

    private func runFolder(_ options: ControllerOptions, _ settings: SettingValues) async throws {
        let logger = options.logger
        guard let folder = settings.text(Settings.manifests) else {
            throw CommandFailure(
                "--manifests is missing: name the folder to follow, or say --kubernetes", code: CommandFailure.badInput)
        }
        guard access(folder, R_OK) == 0 else {
            throw CommandFailure(
                "--manifests \(folder): there is no such file or folder", code: CommandFailure.badInput)
        }
        let logsJSON = settings.logsJSON
        let report: @Sendable ([FileProblem]) -> Void = { problems in
            for problem in problems {
                // For people as compilers say it, so that editors find the place.
                if logsJSON { logger.log(problem) } else { Console.error(problem.rendered(excerpt: false)) }
            }
        }
        let controller = try LocalController(
            options, manifests: [folder], reportProblems: report, observers: [ControllerLog(logger: logger)])
        report(try controller.load(strictly: false))
        if let address = controller.brokerAddress { logger.notice("embedded broker on \(address)") }
        logger.notice("following \(folder); installation \(controller.folder.installation)")
        noteSigning(options)
        try await serve(settings, logger) {
            try await controller.run()
        } drain: {
            await controller.drain(for: $0)
        }
    }

    private func run(_ home: ClusterHome, _ options: ControllerOptions, _ settings: SettingValues) async throws {
        let logger = options.logger
        // An embedded broker is of use only to agents that live beside it.
        guard options.kafka.cluster != nil || !options.agents.isEmpty else {
            throw CommandFailure(
                "--kafka is missing: name the brokers that agents listen at, or have agents in this process with --agent",
                code: CommandFailure.badInput)
        }
        let controller: ClusterController
        do {
            controller = try await ClusterController.start(
                options, home, observers: [ControllerLog(logger: logger)])
        } catch let error as APIError {
            let who = error.status?.code == 401 ? " (as \(home.configuration.origin))" : ""
            throw CommandFailure("\(home.place(of: error))\(error)\(who)", code: CommandFailure.failed)
        }
        let watched = home.watchedNamespace.map { "namespace \($0)" } ?? "all namespaces"
        logger.notice(
            "following \(watched) of \(home.configuration.server); installation \(controller.installation)")
        noteSigning(options)
        do {
            try await serve(settings, logger) {
                try await controller.run()
            } drain: {
                await controller.drain(for: $0)
            }
        } catch let error as LeadershipLost {
            throw CommandFailure(
                "\(error); it ends, so that its next start finds out who does", code: CommandFailure.failed)
        }
    }

    private func noteSigning(_ options: ControllerOptions) {
        if let key = options.signingKey {
            options.logger.notice("messages to agents are signed with \(key.publicKey.id)")
        }
    }

    /// Runs until a signal; agents inside then have the grace period to finish.
    private func serve(
        _ settings: SettingValues, _ logger: Logger, _ run: @escaping @Sendable () async throws -> Void,
        drain: @escaping @Sendable (Duration) async -> Void
    ) async throws {
        let grace = settings.number(Settings.grace) ?? 30
        let hasAgents = !agent.isEmpty
        try await withThrowingTaskGroup(of: Void.self) { group in
            let service = Task { try await run() }
            group.addTask {
                await Signals.watch {
                    logger.notice("stopping\(hasAgents ? "; agents in this process have \(grace) s to finish" : "")")
                    await drain(.seconds(grace))
                    service.cancel()
                } second: {
                    _exit(130)
                }
            }
            defer { group.cancelAll() }
            try await withTaskCancellationHandler {
                try await service.value
            } onCancel: {
                service.cancel()
            }
        }
    }
}

extension Logger {
    /// Says what is wrong with a manifest.
    fileprivate func log(_ found: FileProblem) {
        let problem = found.problem
        var metadata: Logger.Metadata = ["file": .string(found.file)]
        if let mark = problem.mark {
            metadata["line"] = .stringConvertible(mark.line)
            metadata["column"] = .stringConvertible(mark.column)
        }
        if !problem.path.steps.isEmpty { metadata["field"] = .string(problem.path.description) }
        if let hint = problem.hint { metadata["hint"] = .string(hint) }
        log(level: problem.severity == .error ? .error : .notice, "\(problem.message)", metadata: metadata)
    }
}

/// Logs what happens to runs.
private final class ControllerLog: ControllerObserver {
    private let logger: Logger
    /// What has been said of stages that nobody can take, as long as it holds.
    private let told = Mutex<Set<String>>([])

    init(logger: Logger) {
        self.logger = logger
    }

    func observed(_ run: PipelineRun, happenings: [Happening], isStored: Bool) {
        if happenings.isEmpty { return }
        let logger = named(ObjectKey(run.metadata))
        for happening in happenings { log(happening, logger) }
    }

    private func named(_ run: ObjectKey, stage: String? = nil) -> Logger {
        var logger = logger
        logger[metadataKey: "run"] = "\(run.name)"
        if !run.namespace.isEmpty { logger[metadataKey: "namespace"] = "\(run.namespace)" }
        if let stage { logger[metadataKey: "stage"] = "\(stage)" }
        return logger
    }

    private func log(_ happening: Happening, _ logger: Logger) {
        switch happening {
        case .runStarted: logger.info("run started")
        case .runEnded(let succeeded, let reason, let message):
            let text = message.isEmpty ? "" : ": \(message.shown(512))"
            let isWanted = succeeded || reason == Reason.cancelled || reason == Reason.superseded
            logger.log(level: isWanted ? .info : .warning, "run ended \(reason)\(text)")
        case .stageEnded(let stage, let state, let reason, let message):
            let text = message.map { ": \($0.shown(512))" } ?? ""
            logger.info(
                "stage \(state.rawValue.lowercased()) \(reason)\(text)",
                metadata: ["stage": "\(stage)"])
        case .stageRetried(let stage, let failures, let time):
            logger.info(
                "stage is tried again at \(time) after failure \(failures)",
                metadata: ["stage": "\(stage)"])
        case .stageLost(let stage, let losses, let reason):
            logger.warning(
                "stage lost (\(losses)): \(reason)", metadata: ["stage": "\(stage)"])
        case .stageDeclined(let stage, let reason):
            logger.info("stage declined: \(reason.shown(512))", metadata: ["stage": "\(stage)"])
        }
    }

    func unplaced(_ stages: [UnplacedStage]) {
        // One reason may keep thousands back: it is said once, of the first.
        var reasons: [String: (first: UnplacedStage, count: Int)] = [:]
        for stage in stages where stage.why.isHopeless {
            reasons[stage.why.message, default: (stage, 0)].count += 1
        }
        let new = told.withLock { told in
            defer { told = Set(reasons.keys) }
            return reasons.keys.filter { !told.contains($0) }
        }
        for message in new.sorted() {
            guard let (first, count) = reasons[message] else { continue }
            let others = count > 1 ? "; the same holds for \(count - 1) more" : ""
            named(first.run, stage: first.why.stage).info("\(message.shown(512))\(others)")
        }
    }

    func warned(_ warning: ControllerWarning) {
        let logger = warning.run.map { named($0, stage: warning.stage) } ?? logger
        logger.warning("\(warning.problem)")
    }
}
