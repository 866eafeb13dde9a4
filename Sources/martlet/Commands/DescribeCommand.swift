internal import ArgumentParser
internal import Controller
internal import Model
internal import Planning
internal import Presentation
internal import Stores

struct DescribeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "describe",
        abstract: "Tells all about a run or a pipeline: conditions, stages, why they wait or failed, results.",
        discussion: """
            Examples:
              martlet describe greeter-x7k2a       a run, or else a pipeline of that name
              martlet describe pipeline greeter
            """)

    @Argument(
        help: ArgumentHelp("A run or pipeline, with its kind before it where both have the name.", valueName: "NAME"),
        completion: .custom(RunNames.complete))
    var words: [String]

    @OptionGroup var state: StateOption
    @OptionGroup var output: OutputOption

    func validate() throws {
        guard words.count == 1 || (words.count == 2 && ResourceKind(argument: words[0]) != nil) else {
            throw ValidationError("Name one run or pipeline: martlet describe [run|pipeline] NAME")
        }
    }

    func run() async throws {
        let settings = try state.resolve(and: output)
        let home = try Home(settings)
        let reader = try home.reader
        let kind = words.count == 2 ? ResourceKind(argument: words[0]) : nil
        let name = words[words.count - 1]
        if kind != .runs {
            let pipelines = try await reader.pipelines()
            let pipeline = pipelines.first { $0.metadata.name == name }
            if kind == .pipelines {
                return try await show(try pipeline ?? pipelines.named(name, in: home), reader, settings)
            }
            // A run goes first; where there is none, its message has the nearest name.
            if let pipeline, try await !isRun(name, reader) { return try await show(pipeline, reader, settings) }
        }
        let run = try await home.run(name)
        if settings.wantsJSON { return Console.standard.write(ResourceJSON.text(.run(run))) }
        let console = Console.standard
        console.write(Description(run, now: .current(), width: console.width).rendered(colour: console.colour))
        if !run.hasEnded { home.noteMissingController() }
    }

    private func isRun(_ name: String, _ reader: FolderReader) async throws -> Bool {
        do {
            _ = try await reader.run(name)
            return true
        } catch let error as VerbError where error.kind == .unknownRun {
            return false
        }
    }

    private func show(_ pipeline: Pipeline, _ reader: FolderReader, _ settings: SettingValues) async throws {
        if settings.wantsJSON { return Console.standard.write(ResourceJSON.text(.pipeline(pipeline))) }
        let runs = try await reader.runs(pipeline: pipeline.metadata.name, limit: 10)
        let console = Console.standard
        console.write(
            Description(pipeline, runs: runs, now: .current(), width: console.width).rendered(colour: console.colour))
    }
}
