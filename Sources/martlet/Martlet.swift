internal import ArgumentParser
internal import Glibc
internal import Model

/// The command line.
@main
struct Martlet: AsyncParsableCommand {
    static let version = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "martlet",
        abstract: "Runs pipelines on long-lived agents, over Kafka.",
        discussion: """
            A Pipeline says which stages a repository goes through; a PipelineRun asks for one pass. Both are YAML files.

            Try it on a folder of manifests:
              martlet validate manifests      look for mistakes
              martlet run manifests           run everything to its end, in this terminal
              martlet get runs                what has run here
              martlet logs greeter-x7k2a      what it printed

            Or keep a controller going, and talk to it from elsewhere:
              martlet controller --manifests manifests
              martlet agent --kind test
              martlet start greeter           a new run of the pipeline `greeter`
              martlet rerun greeter-x7k2a     what failed, once more

            Settings are flags, variables (--topic-prefix is MARTLET_TOPIC_PREFIX) or lines of a file named .env, and \
            count in that order. `martlet config` prints them all and what holds.

            Completions: martlet --generate-completion-script bash (or zsh, fish).
            Exit codes: 0 done, 1 failed or not found, 2 not understood.
            """,
        version: version,
        groupedSubcommands: [
            CommandGroup(name: "Work", subcommands: WorkCommands.all),
            CommandGroup(
                name: "Inspection",
                subcommands: [
                    GetCommand.self, DescribeCommand.self, ExplainCommand.self, LogsCommand.self, ReplayCommand.self,
                ]),
            CommandGroup(
                name: "Run control",
                subcommands: [
                    StartCommand.self, CancelCommand.self, PauseCommand.self, ResumeCommand.self, RerunCommand.self,
                    ApproveCommand.self, DrainCommand.self,
                ]),
            CommandGroup(name: "Trust", subcommands: [KeysCommand.self]),
            CommandGroup(
                name: "Manifest",
                subcommands: [ValidateCommand.self, ConvertCommand.self, ConfigCommand.self]),
            CommandGroup(name: "Simulation", subcommands: [SimulateCommand.self]),
        ])

    static func main() async {
        // A pipe whose reader has gone is an error of `write`, not a death in the middle of something.
        signal(SIGPIPE, SIG_IGN)
        do {
            try checkCommand(CommandLine.arguments.dropFirst().first)
            var command = try await asyncParseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            Glibc.exit(CommandFailure.report(error, in: self))
        }
    }

    /// Answers a command that isn't there with the nearest one, which the parser wouldn't.
    static func checkCommand(_ word: String?) throws {
        guard let word, !word.hasPrefix("-"), word != "help" else { return }
        let names = configuration.subcommands.map { $0._commandName }
        guard !names.contains(word) else { return }
        let near = Suggestion.nearest(to: word, among: names).map { "did you mean `martlet \($0)`?" }
        throw CommandFailure(
            "there is no command `\(word.shown())` (\(near ?? "`martlet --help` lists them"))",
            code: CommandFailure.badInput)
    }
}
