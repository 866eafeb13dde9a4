internal import ArgumentParser
internal import Glibc
internal import Model
internal import Presentation
internal import Simulation

struct SimulateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Plays controller and agents in virtual time: where everything goes wrong, or with your pipeline.",
        discussion: """
            Every seed is a world of its own: the real controller and the real agents, with a network, a store and a \
            broker that fail as the seed has it. Martlet's rules are checked at every step (docs/simulation.md lists \
            them). One that doesn't hold gives a seed, whose history is printed and can be played again.

            With --pipeline it answers questions of capacity instead: nothing fails, stages take as long as you say, \
            and hours pass in a second.

            Examples:
              martlet simulate --seeds 10000
              martlet simulate --seeds 1 --first-seed 4711 --history
              martlet simulate --seeds 500 --faults loss,agent-kill --agents 8 --runs 20
              martlet simulate --pipeline ci.yaml --agent build=2x4 --agent test=3x2 \\
                --duration build=600,test=240 --rate 20
            """)

    @Option(help: ArgumentHelp("How many seeds to play.", valueName: "N"))
    var seeds: UInt64 = 1000

    @Option(help: ArgumentHelp("The first of them.", valueName: "K"))
    var firstSeed: UInt64 = 0

    @Option(help: ArgumentHelp("How many agents a world has.", valueName: "N"))
    var agents = 4

    @Option(help: ArgumentHelp("How many runs people ask for (5; with --pipeline 100).", valueName: "N"))
    var runs: Int?

    @Option(help: ArgumentHelp("How many controllers contend for the lead.", valueName: "N"))
    var controllers = 2

    @Option(
        help: ArgumentHelp(
            "What goes wrong: all, none, or some of \(Faults.all.names.joined(separator: ", ")).", valueName: "LIST"))
    var faults = "all"

    @Flag(help: "Print the history of every seed, whether its rules hold or not.")
    var history = false

    @OptionGroup(title: "Capacity") var capacity: CapacityOptions

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        if seeds < 1 { throw ValidationError("--seeds must be at least 1.") }
        let most = capacity.pipeline == nil ? 1000 : 100_000
        for (name, value, most) in [
            ("agents", agents, 100), ("runs", runs ?? 1, most), ("controllers", controllers, 9),
        ]
        where !(1...most).contains(value) {
            throw ValidationError("--\(name) must be from 1 to \(most).")
        }
        _ = try chosenFaults()
    }

    private func chosenFaults() throws -> Faults {
        switch Faults.read(faults) {
        case .success(let faults): return faults
        case .failure(let unknown):
            let near = Suggestion.nearest(to: unknown.name, among: Faults.all.names)
            throw ValidationError(
                "there is no fault `\(unknown.name.shown())`"
                    + (near.map { " (did you mean `\($0)`?)" } ?? "; --help lists them") + ".")
        }
    }

    func run() async throws {
        if let plan = try capacity.plan(runs: runs, seed: firstSeed) {
            return try capacity.report(on: plan, json: json)
        }
        var sweep = SeedSweep()
        sweep.options.agents = agents
        sweep.options.runs = runs ?? sweep.options.runs
        sweep.options.controllers = controllers
        sweep.options.faults = try chosenFaults()
        sweep.first = firstSeed
        sweep.count = seeds
        sweep.workers = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        let console = Console.standard
        if history {
            for offset in 0..<seeds { printHistory(of: firstSeed &+ offset, sweep.options) }
        }
        let started = Self.uptime
        let (total, isLive) = (seeds, console.isLive && !json)
        let sum = await sweep.run { sum in
            if isLive, sum.seeds.isMultiple(of: 50) { console.write("\r\(sum.seeds) of \(total) seeds") }
        }
        if isLive { console.write("\r\u{1b}[K") }
        let report = SweepReport(
            sum: sum, options: sweep.options, milliseconds: Int((Self.uptime - started) / 1000))
        if json {
            console.write(report.json)
        } else {
            if !history, let first = sum.failures.first { printHistory(of: first.seed, sweep.options) }
            console.write(report.text)
        }
        if !sum.failures.isEmpty { throw CommandFailure([]) }
    }

    private func printHistory(of seed: UInt64, _ options: SimulationOptions) {
        guard !json else { return }
        var options = options
        options.keepsLines = true
        let outcome = simulate(seed: seed, options: options)
        Console.standard.write("seed \(seed)\n" + outcome.lines.map { $0.shown(500) + "\n" }.joined() + "\n")
    }

    /// In microseconds.
    private static var uptime: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000
    }
}
