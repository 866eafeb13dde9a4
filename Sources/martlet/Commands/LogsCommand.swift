internal import ArgumentParser
internal import Model
internal import Planning
internal import Presentation
internal import Stores

struct LogsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logs",
        abstract: "Prints what a run's stages have printed, also long after.",
        discussion: """
            Of each stage the last attempt, stage by stage; with --follow everything as it comes, until the run has \
            ended. What a terminal would act on is taken out of the output, but for colours on a terminal.

            Examples:
              martlet logs greeter-x7k2a
              martlet logs greeter-x7k2a test --follow
              martlet logs greeter-x7k2a test --attempt 1
              martlet logs greeter-x7k2a 'test[python=3.12]'
              kubectl -n martlet exec deploy/martlet-controller -- martlet logs --kubernetes ci/shop-1
            """)

    @Argument(
        help: ArgumentHelp("The run's name or UID; in a cluster NAME or NAMESPACE/NAME.", valueName: "RUN"),
        completion: .custom(RunNames.complete))
    var name: String

    @Argument(
        help: ArgumentHelp("Only this stage; of a matrix all combinations, or the one named.", valueName: "STAGE"))
    var stage: String?

    @Flag(name: [.short, .long], help: "Goes on with what comes, until the run (or the stage) has ended.")
    var follow = false

    @Option(help: ArgumentHelp("This attempt instead of the last.", valueName: "N"))
    var attempt: Int?

    @Flag(name: .customLong("all"), help: "Every attempt, not only the last.")
    var everyAttempt = false

    @OptionGroup var kubernetes: KubernetesOptions
    @OptionGroup var state: StateOption
    @OptionGroup var output: OutputOption

    func validate() throws {
        if attempt != nil, everyAttempt { throw ValidationError("--attempt and --all exclude each other.") }
        if attempt != nil, stage == nil { throw ValidationError("--attempt needs a STAGE.") }
        if let attempt, attempt < 1 { throw ValidationError("--attempt counts from 1.") }
    }

    func run() async throws {
        let settings = try state.resolve(and: output, kubernetes)
        let home = try Home(settings, orCluster: true)
        let run = try await home.run(name)
        let view = RunView(run)
        let stages = try stage.map { try Self.stages($0, of: view) }
        let selection = LogSelection(stages: stages?.map(\.id), attempt: attempt, everyAttempt: everyAttempt)
        let console = Console.standard
        var printer = LogPrinter(
            view, json: settings.wantsJSON, prefixes: (stages?.count ?? view.stages.count) != 1, colour: console.colour)
        let reader = LogReader(home: home, name: name, run: run.uid, selection: selection)
        if follow {
            try await reader.follow { console.write(printer.text(of: $0)) }
            return
        }
        var isSilent = true
        try await reader.read(view) { entry in
            isSilent = false
            console.write(printer.text(of: entry))
        }
        if isSilent {
            let whose = "\(stage.map { "`\($0)` of " } ?? "")\(view.name)"
            Console.error("martlet: " + (run.hasEnded ? "no output is kept of \(whose)" : "no output of \(whose) yet"))
        }
    }

    /// The stages that a word stands for: an id (`test.3`), a title, or a name with all its combinations.
    ///
    /// - Throws: `CommandFailure` with the nearest name.
    static func stages(_ word: String, of view: RunView) throws -> [StageView] {
        let exact = view.stages.filter { $0.id == word || $0.title == word }
        let found = exact.isEmpty ? view.stages.filter { $0.name == word } : exact
        guard found.isEmpty else { return found }
        let near = Suggestion.nearest(to: word, among: view.stages.flatMap { [$0.name, $0.id, $0.title] })
        throw CommandFailure(
            "`\(view.name)` has no stage `\(word.shown())`" + (near.map { " (did you mean `\($0)`?)" } ?? ""))
    }
}

/// Which of a run's output is wanted.
struct LogSelection: Equatable {
    /// Ids; nil for all.
    var stages: [String]?
    var attempt: Int?
    var everyAttempt = false

    func includes(_ fence: Fence) -> Bool {
        if let stages, !stages.contains(fence.stage) { return false }
        return attempt.map { $0 == fence.attempt } ?? true
    }
}
