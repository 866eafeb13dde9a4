internal import ArgumentParser
internal import Controller
internal import Glibc

struct ReplayCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Derives again what a controller decided, from its journal.",
        discussion: """
            `martlet run` and `martlet controller` with --journal FILE write everything that came in and everything that \
            was decided. Replaying feeds the same inputs at the same times to the same code, and fails on any \
            difference: on another machine, in a debugger, with another version.

            Examples:
              martlet run manifests --journal run.journal
              martlet replay run.journal
            """)

    @Argument(help: ArgumentHelp("A journal; `-` is standard input.", valueName: "FILE"), completion: .file())
    var file: String

    @Option(help: ArgumentHelp("Differences to print before giving up.", valueName: "N"))
    var differences = 1

    @OptionGroup var output: OutputOption

    func validate() throws {
        guard differences > 0 else { throw ValidationError("--differences must be at least 1.") }
    }

    func run() throws {
        let settings = try output.resolve()
        var lines = try LineReader(path: file)
        var report = ReplayReport(file: file, differenceLimit: differences)
        let showsProgress = Console.standard.isTerminal && !settings.wantsJSON
        while let line = try lines.next() {
            try report.take(line)
            if showsProgress, report.steps.isMultiple(of: 10_000), report.steps > 0 {
                Console.error("\(file): \(report.steps) steps …")
            }
            if report.isGivenUp { break }
        }
        report.finish()
        guard report.isJournal else {
            throw CommandFailure("\(file): there is no journal in it", code: CommandFailure.badInput)
        }
        if settings.wantsJSON {
            Console.standard.write(report.json)
        } else {
            Console.standard.write(report.lines)
        }
        if !report.isSame { throw CommandFailure([]) }
    }
}
