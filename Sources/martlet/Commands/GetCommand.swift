internal import ArgumentParser
internal import Controller
internal import Model
internal import Presentation
internal import Stores

struct GetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "get",
        abstract: "Lists runs or pipelines.",
        discussion: """
            Examples:
              martlet get                          all runs, the newest first
              martlet get runs greeter-x7k2a -o json
              martlet get runs --pipeline greeter --limit 5
              martlet get pipelines
            """)

    @Argument(help: "runs or pipelines.", completion: .list(["runs", "pipelines"]))
    var kind: ResourceKind = .runs

    @Argument(help: "Only those of these names.", completion: .custom(RunNames.complete))
    var names: [String] = []

    @Option(help: ArgumentHelp("Only runs of this pipeline.", valueName: "NAME"))
    var pipeline: String?

    @Option(help: ArgumentHelp("At most so many, the newest.", valueName: "N"))
    var limit: Int?

    @OptionGroup var state: StateOption
    @OptionGroup var output: OutputOption

    func validate() throws {
        if let limit, limit < 1 { throw ValidationError("--limit must be at least 1.") }
        if kind == .pipelines, pipeline != nil || limit != nil {
            throw ValidationError("--pipeline and --limit are for runs.")
        }
    }

    func run() async throws {
        let settings = try state.resolve(and: output)
        let home = try Home(settings)
        switch kind {
        case .runs: try await listRuns(home, settings)
        case .pipelines: try await listPipelines(home, settings)
        }
    }

    private func listRuns(_ home: Home, _ settings: SettingValues) async throws {
        var runs: [PipelineRun] = []
        if names.isEmpty {
            runs = try await home.reader.runs(pipeline: pipeline, limit: limit)
        } else {
            for name in names { runs.append(try await home.run(name)) }
        }
        if settings.wantsJSON { return printJSON(runs.map { .run($0) }) }
        guard !runs.isEmpty else {
            return Console.error(
                pipeline.map { "no runs of `\($0)` in \(home.path)" }
                    ?? "no runs in \(home.path) yet: `martlet start PIPELINE` makes one")
        }
        let console = Console.standard
        console.write(RunTable(runs, now: .current()).lines(width: console.width))
    }

    private func listPipelines(_ home: Home, _ settings: SettingValues) async throws {
        let reader = try home.reader
        let all = try await reader.pipelines()
        let pipelines = names.isEmpty ? all : try names.map { try all.named($0, in: home) }
        if settings.wantsJSON { return printJSON(pipelines.map { .pipeline($0) }) }
        guard !pipelines.isEmpty else { return Console.error("no pipelines in \(home.path)") }
        let console = Console.standard
        let runs = try await reader.runs()
        console.write(PipelineTable(pipelines, runs: runs, now: .current()).lines(width: console.width))
    }

    private func printJSON(_ resources: [Resource]) {
        if names.count == 1, let only = resources.first {
            Console.standard.write(ResourceJSON.text(only))
        } else {
            Console.standard.write(ResourceJSON.list(resources))
        }
    }
}

/// What can be listed, under all the names that people have for it.
enum ResourceKind: String, ExpressibleByArgument {
    case runs
    case pipelines

    init?(argument: String) {
        switch argument.lowercased() {
        case "run", "runs", "mrun", "mruns", "pipelinerun", "pipelineruns": self = .runs
        case "pipeline", "pipelines", "mpl": self = .pipelines
        default: return nil
        }
    }
}

extension [Pipeline] {
    /// - Throws: `CommandFailure` with the nearest name.
    func named(_ name: String, in home: Home) throws -> Pipeline {
        if let pipeline = first(where: { $0.metadata.name == name }) { return pipeline }
        let near = Suggestion.nearest(to: name, among: map(\.metadata.name))
        throw CommandFailure(
            "there is no pipeline `\(name.shown())` in \(home.path)" + (near.map { " (did you mean `\($0)`?)" } ?? ""))
    }
}
