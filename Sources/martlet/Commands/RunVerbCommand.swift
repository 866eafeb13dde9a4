internal import ArgumentParser
internal import Model
internal import Presentation
internal import Stores

/// What `cancel`, `pause`, `resume` and `rerun` have in common.
struct RunVerbOptions: ParsableArguments {
    @Argument(help: ArgumentHelp("Names or UIDs of runs.", valueName: "RUN"), completion: .custom(RunNames.complete))
    var runs: [String]

    @OptionGroup var state: StateOption
    @OptionGroup var output: OutputOption

    /// Does something to each run, and goes on after one that it can't be done to.
    func perform(_ done: String, _ verb: (FolderVerbs, String) async throws -> PipelineRun) async throws {
        let settings = try state.resolve(and: output)
        let home = try Home(settings)
        let verbs = try home.verbs
        var changed: [PipelineRun] = []
        var complaints: [String] = []
        for run in runs {
            do {
                let run = try await home.finding(run) { try await verb(verbs, run) }
                if !settings.wantsJSON { Console.standard.write("\(run.metadata.name) \(done)\n") }
                changed.append(run)
            } catch {
                guard let failure = CommandFailure(error) else { throw error }
                complaints += failure.lines
            }
        }
        if settings.wantsJSON, !changed.isEmpty {
            let resources = changed.map { Resource.run($0) }
            Console.standard.write(runs.count == 1 ? ResourceJSON.text(resources[0]) : ResourceJSON.list(resources))
        }
        if !changed.isEmpty { home.noteMissingController() }
        if !complaints.isEmpty { throw CommandFailure(complaints) }
    }
}

struct CancelCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel",
        abstract: "Cancels runs: what runs is stopped, and only the stages of `finally` still run.",
        discussion: "Without a controller it takes effect as soon as there is one.")

    @OptionGroup var options: RunVerbOptions

    func run() async throws {
        try await options.perform("is being cancelled") { try await $0.cancel($1) }
    }
}

struct PauseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause",
        abstract: "Lets no further stage of a run start; what runs goes on to its end and counts.")

    @OptionGroup var options: RunVerbOptions

    func run() async throws {
        try await options.perform("is paused") { try await $0.pause($1) }
    }
}

struct ResumeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume", abstract: "Lets paused runs go on.")

    @OptionGroup var options: RunVerbOptions

    func run() async throws {
        try await options.perform("goes on") { try await $0.resume($1) }
    }
}

struct RerunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rerun",
        abstract: "Runs failed, cancelled and skipped stages again, and all that need them.",
        discussion: "Stages that succeeded keep their results. `martlet start` makes a new run instead.")

    @OptionGroup var options: RunVerbOptions

    func run() async throws {
        try await options.perform("runs again") { try await $0.rerun($1) }
    }
}

struct ApproveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "approve",
        abstract: "Decides about a stage that waits for a person.",
        discussion: """
            Examples:
              martlet approve greeter-x7k2a release
              martlet approve greeter-x7k2a release --reject
            """)

    @Argument(help: ArgumentHelp("The run's name or UID.", valueName: "RUN"), completion: .custom(RunNames.complete))
    var name: String

    @Argument(help: ArgumentHelp("The approval's stage.", valueName: "STAGE"))
    var stage: String

    @Flag(help: "Rejects it: the stage fails.")
    var reject = false

    @OptionGroup var state: StateOption
    @OptionGroup var output: OutputOption

    func run() async throws {
        let settings = try state.resolve(and: output)
        let home = try Home(settings)
        let verbs = try home.verbs
        let decision: ApprovalDecision.Decision = reject ? .rejected : .approved
        let run = try await home.finding(name) { try await verbs.approve(name, stage: stage, decision) }
        if settings.wantsJSON { return Console.standard.write(ResourceJSON.text(.run(run))) }
        Console.standard.write("\(stage) of \(run.metadata.name) is \(decision.rawValue.lowercased())\n")
        home.noteMissingController()
    }
}
