internal import ArgumentParser
internal import Model
internal import Presentation
internal import Stores

struct StartCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "start",
        abstract: "Makes a new run of a pipeline that the controller knows, and prints its name.",
        discussion: """
            The controller of the state folder takes it up, now or when it is started next. Where none is needed, \
            `martlet run` does everything in one go.

            Examples:
              martlet start greeter
              martlet start greeter --param channel=beta --revision v1.2
              martlet logs --follow "$(martlet start greeter)"
            """)

    @Argument(help: ArgumentHelp("The pipeline's name.", valueName: "PIPELINE"))
    var pipeline: String

    @Option(help: ArgumentHelp("A parameter's value. May be repeated.", valueName: "NAME=VALUE"))
    var param: [ParamArgument] = []

    @Option(help: ArgumentHelp("A commit, branch or tag; by default what the repository's HEAD is.", valueName: "REV"))
    var revision: String?

    @Option(help: ArgumentHelp("Another repository than the pipeline's.", valueName: "URL"))
    var url: String?

    @Option(parsing: .unconditional, help: ArgumentHelp("Higher goes first, from -1000 to 1000.", valueName: "N"))
    var priority = 0

    @OptionGroup var state: StateOption
    @OptionGroup var output: OutputOption

    func validate() throws {
        guard (-1000...1000).contains(priority) else {
            throw ValidationError("--priority must be from -1000 to 1000.")
        }
        for (place, item) in param.enumerated() where param[..<place].contains(where: { $0.name == item.name }) {
            throw ValidationError("--param \(item.name) is given twice.")
        }
        if let url, let complaint = RepositoryURL.complaint(about: url) {
            throw ValidationError("--url \(complaint.message)" + (complaint.hint.map { " (\($0))" } ?? ""))
        }
    }

    func run() async throws {
        let settings = try state.resolve(and: output)
        let home = try Home(settings)
        var source: RunSource?
        if revision != nil || url != nil {
            source = RunSource()
            source?.revision = revision
            source?.url = url
        }
        let run: PipelineRun
        do {
            run = try await home.verbs.createRun(
                from: pipeline, params: param.map { Param(name: $0.name, value: $0.value) }, source: source,
                priority: priority)
        } catch let error as VerbError {
            throw error.onCommandLine
        }
        Console.standard.write(settings.wantsJSON ? ResourceJSON.text(.run(run)) : run.metadata.name + "\n")
        // The run is made, whatever becomes of the look at its pipeline.
        let known = (try? await home.reader.pipelines()) ?? []
        let namesakes = known.filter { $0.metadata.namespace == run.metadata.namespace }
        if let mistake = namesakes.first(where: { $0.metadata.name == pipeline })?.mistake {
            Console.error("pipeline \(pipeline): \(mistake)")
        }
        home.noteMissingController()
    }
}

extension VerbError {
    /// The same, of an option that the user gave rather than of the field that came of it.
    var onCommandLine: VerbError {
        var error = self
        switch path {
        case FieldPath().key("spec").key("params"):
            error.path = nil
            error.hint = "give it one with `--param NAME=VALUE`"
        case .some(let path) where path.description.hasPrefix("spec.params["):
            // The message names it.
            error.path = nil
        case FieldPath().key("spec").key("source").key("revision"):
            (error.path, error.message) = (nil, "--revision \(message)")
        case FieldPath().key("spec").key("source").key("url"):
            (error.path, error.message) = (nil, "--url \(message)")
        default: break
        }
        return error
    }
}

/// `NAME=VALUE`, as `--param` has it.
struct ParamArgument: ExpressibleByArgument, Equatable {
    var name: String
    var value: String

    init?(argument: String) {
        guard let equals = argument.firstIndex(of: "="), equals != argument.startIndex else { return nil }
        name = String(argument[..<equals])
        value = String(argument[argument.index(after: equals)...])
    }
}
