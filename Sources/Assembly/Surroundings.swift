internal import Controller
internal import HTTPClient
internal import KafkaTransport
internal import Logging
internal import Model
internal import Planning
internal import PrometheusMetrics
internal import Reporting
internal import Stores
internal import Synchronization
internal import Telemetry
internal import Web

/// What stands around a controller: the web server, who is told how runs go, schedules, events, metrics.
///
/// The server runs whether this process leads or not; the others begin when it leads. Nothing here decides anything about
/// a run: it makes runs, asks for verbs, and tells.
final class Surroundings: Sendable {
    /// What they are told by, and where they look.
    let observers: [any ControllerObserver]
    let registry = MetricsRegistry()

    private let controller: LateController
    private let logger: Logger
    private let http: HTTPClient?
    private let reporter: Reporter?
    private let announcer: EventAnnouncer?
    private let keeper: ScheduleKeeper
    private let server: WebServer?
    private let readiness: Readiness

    /// - Parameters:
    ///   - channel: The controller's own.
    ///   - tail: Of agents' output.
    init(
        _ options: ControllerOptions, _ home: ControllerUnit.Home, link: KafkaLink, channel: KafkaAgentChannel,
        tail: any OutputTail
    ) throws {
        let logger = options.logger
        let warn: @Sendable (String) -> Void = { logger.warning("\($0)") }
        let controller = LateController()
        let board = home.board
        let desk = home.desk(board)
        self.logger = logger
        self.controller = controller
        let readiness = Readiness()
        self.readiness = readiness
        let metrics = ControllerMetrics(in: registry) { await controller.value?.readGauges() }
        let figures = ServerMetrics(in: registry)
        registry.addBuild(version: options.version)
        registry.addProcess()
        registry.addKafka { link.figures(of: channel) }
        home.addMetrics(registry)

        var github: GitHubClient?
        if let reporting = options.reporting {
            let http = try HTTPClient(HTTPClientSettings(), name: "reporting")
            self.http = http
            github = reporting.github.map { GitHubClient($0, http: http, version: reporting.version) }
            reporter = Reporter(
                reporting, http: http, github: github, tail: tail,
                record: { uid, record in controller.value?.note(record, of: uid) },
                count: { figures.notified(target: $0, outcome: $1) }, warn: warn,
                recovered: { logger.notice("\($0) answers again; what waited is being told") })
        } else {
            http = nil
            reporter = nil
        }
        let base = options.web?.externalURL
        if options.announcesEvents {
            let publisher = KafkaEventPublisher(link: link)
            let announcer = EventAnnouncer(
                installation: home.installation, publisher: publisher,
                url: { run in base.map { "\($0)/runs/\(run.metadata.namespace ?? "-")/\(run.metadata.name)" } })
            registry.addEvents(announcer, lost: { publisher.lost })
            self.announcer = announcer
        } else {
            announcer = nil
        }
        let store = home.store
        keeper = ScheduleKeeper(
            desk: desk, zones: MachineZones(), patch: { await store.patch($0) }, mayAct: home.mayAct,
            report: { report in Self.log(report, logger) })
        if let settings = options.web {
            var ports = WebPorts(
                now: { Moment.now.wall },
                unready: {
                    if readiness.isStopping { return "the controller is about to end" }
                    return board.isListed ? nil : "the runs and pipelines have not been listed yet"
                },
                metrics: { [registry] in await registry.render() },
                explain: { run in await controller.value?.explain(run.uid) })
            if let github {
                let queries = GitHubQueries(client: github)
                ports.github = GitHubQuestions(
                    mayWrite: { try await queries.mayWrite(owner: $0, repo: $1, user: $2) },
                    changedFiles: { await queries.changedFiles(owner: $0, repo: $1, pullRequest: $2) })
            }
            ports.meters = WebMeters(
                delivery: { figures.answeredWebhook(event: $0, code: $1, seconds: $2) },
                request: { figures.answered(method: $1, route: $0, code: $2, seconds: $3) })
            server = WebServer(settings, desk: desk, view: board, ports: ports, logger: logger) { port in
                options.listening?(port)
            }
        } else {
            server = nil
        }
        observers = [metrics, keeper] + (announcer.map { [$0] } ?? []) + (reporter.map { [$0] } ?? [])
    }

    private static func log(_ report: ScheduleKeeper.Report, _ logger: Logger) {
        switch report {
        case .made(let run, let pipeline, let time):
            logger.info(
                "run made by schedule", metadata: ["run": "\(run)", "pipeline": "\(pipeline)", "time": "\(time)"])
        case .missed(let pipeline, let time):
            logger.warning(
                "too late for a schedule's start, which is left out",
                metadata: ["pipeline": "\(pipeline)", "time": "\(time)"])
        case .trouble(let problem): logger.warning("\(problem)")
        }
    }

    /// Names the controller that they are around.
    func connect(_ controller: Controller) { self.controller.set(controller) }

    /// Serves until the task is cancelled, whether this process leads or not.
    func serve() async throws {
        guard let server else { return }
        try await server.run()
    }

    /// Tells, announces and keeps schedules until the task is cancelled.
    func lead() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            if let announcer { group.addTask { await announcer.run() } }
            group.addTask { try await self.keeper.run() }
            if let reporter { group.addTask { try await reporter.run() } }
            for try await _ in group {}
        }
    }

    /// From now on the process isn't ready. What comes all the same is still dealt with: it is stored, and the next one
    /// goes on with it.
    func announceStop() { readiness.isStopping = true }

    func close() async { await http?.close() }
}

/// The controller, once there is one: those around it are made before it.
private final class LateController: Sendable {
    private let held = Mutex<Controller?>(nil)

    var value: Controller? { held.withLock { $0 } }

    func set(_ controller: Controller) { held.withLock { $0 = controller } }
}
