internal import Agent
internal import ArgumentParser
internal import Assembly
internal import Controller
internal import Glibc
internal import Manifests
internal import Model
internal import Planning
internal import Presentation
internal import Stores

struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Runs everything in files and folders of manifests to its end, with agents inside.",
        discussion: """
            A Pipeline without a PipelineRun gets a new run each time; PipelineRuns go on where they were, also after \
            a kill, and those that have ended run again once their rerunCount is raised. There is an agent in the \
            process for every kind that a stage names. Ctrl-C cancels cleanly, twice ends at once.

            Examples:
              martlet run pipeline.yaml --source .
              martlet run manifests --param channel=beta --revision v1.2
              martlet run nightly.yaml --kafka kafka-1:9092,kafka-2:9092
            """)

    @Argument(
        help: ArgumentHelp("Files and folders of manifests.", valueName: "PATH"),
        completion: .file(extensions: ["yaml", "yml", "json"]))
    var paths: [String]

    @Option(help: ArgumentHelp("The repository for new runs: a folder with a clone, or a URL.", valueName: "DIR"))
    var source: String?

    @Option(
        help: ArgumentHelp("A commit, branch or tag for new runs; by default the repository's HEAD.", valueName: "REV"))
    var revision: String?

    @Option(help: ArgumentHelp("A parameter's value for new runs. May be repeated.", valueName: "NAME=VALUE"))
    var param: [ParamArgument] = []

    @OptionGroup var signing: SigningKeyOption
    @OptionGroup var options: SharedOptions
    @OptionGroup var journal: JournalOption

    func run() async throws {
        hideMemory()
        let settings = try options.resolve(and: journal, signing)
        let work = try RunRequest(paths: paths, source: source, revision: revision, params: param)
        let agents = try work.kinds.map { try settings.agent(kinds: [$0], id: "local-\($0)", isInProcess: true) }
        let isAlone = settings.text(Settings.kafka) == nil
        if isAlone, let problem = work.unmatchedSelector(labels: agents.first?.labels ?? StringMap()) {
            throw CommandFailure(problem, code: CommandFailure.failed)
        }
        let watch = RunWatch()
        var local = try settings.controller(agents: agents, logger: settings.logger("martlet", quiet: true))
        local.tapLogs = { watch.noteOutput($0) }
        let controller = try LocalController(
            local, manifests: paths,
            reportProblems: { for problem in $0 { watch.note(problem.rendered(excerpt: false)) } }, observers: [watch])
        let problems = try controller.load(strictly: true)
        if problems.contains(where: { $0.problem.severity == .error }) {
            throw CommandFailure(problems.map(\.line), code: CommandFailure.badInput)
        }
        for run in try await work.follow(in: controller.store) {
            watch.follow(run)
            if run.hasEnded { watch.note(Self.endedBefore(run)) }
        }
        if !settings.wantsJSON, let address = controller.brokerAddress {
            Console.error("Embedded Kafka broker on \(address); state in \(settings.statePath)")
        }
        if let folder = work.localSource, revision == nil, await WorkingTree.isDirty(folder) {
            Console.error("martlet: uncommitted changes in \(source ?? folder) are not part of this run")
        }
        let display = ProgressDisplay(watch, wantsJSON: settings.wantsJSON)
        display.begin()
        do {
            try await serve(controller, watch, display, isAlone: isAlone, agents: agents)
        } catch {
            display.end()
            throw error
        }
        display.end()
        let views = watch.views
        if settings.wantsJSON {
            Console.standard.write(ResourceJSON.list(views.map { .run($0.run) }))
        } else {
            Console.standard.write(
                [Line()] + ClosingReport(views, now: Timestamp.current()).lines(width: Console.standard.width))
        }
        let succeeded = views.allSatisfy { $0.run.status.succeeded?.status == .true }
        if !succeeded { throw CommandFailure([], code: CommandFailure.failed) }
    }

    private static func endedBefore(_ run: PipelineRun) -> String {
        let (name, phase) = (run.metadata.name, RunPhase(run))
        let way =
            run.status.succeeded?.status == .true
            ? "give it another name" : "raise its rerunCount, or use `martlet rerun \(name)`,"
        return "martlet: \(name) has ended before (\(phase.word)), and doesn't run; \(way) to run it again"
    }

    private func serve(
        _ controller: LocalController, _ watch: RunWatch, _ display: ProgressDisplay, isAlone: Bool,
        agents: [AgentConfiguration]
    ) async throws {
        // Each says whether all has been shown. A controller that fails ends everything at once.
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                try await controller.run()
                return false
            }
            group.addTask {
                await Signals.watch {
                    watch.note("martlet: cancelling; Ctrl-C again ends everything at once")
                    await cancel(watch, watch.unfinished, in: controller.store)
                } second: {
                    display.end()
                    _exit(130)
                }
                return false
            }
            if !isAlone {
                group.addTask {
                    await cancelHopeless(watch, in: controller.store)
                    return false
                }
            }
            group.addTask {
                await display.run()
                // Agents of kind `noop` print nothing, not even an end.
                await waitForOutput(watch, of: agents.filter { !$0.kinds.contains("noop") }.map(\.instance))
                return true
            }
            while let isShown = try await group.next(), !isShown {}
            group.cancelAll()
            while let _ = try await group.next() {}
        }
    }

    /// Output comes by another way than results, a moment later; with the embedded broker it would be gone with it.
    private func waitForOutput(_ watch: RunWatch, of instances: [String]) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                guard !watch.hasAllOutput(of: instances) else { return }
                for await _ in watch.changes where watch.hasAllOutput(of: instances) { break }
            }
            group.addTask { try? await Task.sleep(for: .seconds(5)) }
            await group.next()
            group.cancelAll()
        }
    }

    private func cancel(_ watch: RunWatch, _ runs: [PipelineRun], in store: FolderStore) async {
        for run in runs {
            do {
                try await store.verbs.cancel(run.uid)
            } catch let error as VerbError where error.kind == .finished {
                continue
            } catch {
                watch.note("martlet: \(run.metadata.name) can't be cancelled: \(error)")
            }
        }
    }

    /// Gives up on runs with a stage that no agent has been able to take for a while: with brokers of their own, agents
    /// elsewhere take some seconds to show.
    private func cancelHopeless(_ watch: RunWatch, in store: FolderStore) async {
        let patience = 10
        var seconds = 0
        while !Task.isCancelled {
            try? await Task.sleep(for: .seconds(1))
            let hopeless = watch.hopeless
            seconds = hopeless.isEmpty ? 0 : seconds + 1
            guard seconds == patience else { continue }
            for stage in hopeless { watch.note("martlet: stage \(stage.stage): \(stage.message)") }
            let uids = Set(hopeless.map(\.run))
            await cancel(watch, watch.unfinished.filter { uids.contains($0.uid) }, in: store)
        }
    }
}
