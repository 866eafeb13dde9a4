internal import ArgumentParser
internal import Document
internal import Glibc
internal import Model
internal import Presentation
internal import Simulation

struct SimulateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Plays controller and agents in simulated worlds, where everything goes wrong.",
        discussion: """
            Every seed is a world of its own: the real controller and the real agents, with a network, a store and a \
            broker that fail as the seed has it. Martlet's rules are checked at every step (docs/simulation.md lists \
            them). One that doesn't hold gives a seed, whose history is printed and can be played again.

            Examples:
              martlet simulate --seeds 10000
              martlet simulate --seeds 1 --first-seed 4711 --history
              martlet simulate --seeds 500 --faults loss,agent-kill --agents 8 --runs 20
            """)

    @Option(help: ArgumentHelp("How many seeds to play.", valueName: "N"))
    var seeds: UInt64 = 1000

    @Option(help: ArgumentHelp("The first of them.", valueName: "K"))
    var firstSeed: UInt64 = 0

    @Option(help: ArgumentHelp("How many agents a world has.", valueName: "N"))
    var agents = 4

    @Option(help: ArgumentHelp("How many runs people ask for.", valueName: "N"))
    var runs = 5

    @Option(help: ArgumentHelp("How many controllers contend for the lead.", valueName: "N"))
    var controllers = 2

    @Option(
        help: ArgumentHelp(
            "What goes wrong: all, none, or some of \(Faults.all.names.joined(separator: ", ")).", valueName: "LIST"))
    var faults = "all"

    @Flag(help: "Print the history of every seed, whether its rules hold or not.")
    var history = false

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        if seeds < 1 { throw ValidationError("--seeds must be at least 1.") }
        for (name, value, most) in [("agents", agents, 100), ("runs", runs, 1000), ("controllers", controllers, 9)]
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
        var sweep = SeedSweep()
        sweep.options.agents = agents
        sweep.options.runs = runs
        sweep.options.controllers = controllers
        sweep.options.faults = try chosenFaults()
        sweep.first = firstSeed
        sweep.count = seeds
        sweep.workers = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        let started = Monotonic.now
        let console = Console.standard
        if history {
            for offset in 0..<seeds { try printHistory(of: firstSeed &+ offset, sweep.options) }
        }
        let total = seeds
        let sum = await sweep.run { sum in
            guard console.isLive, !json, sum.seeds.isMultiple(of: 50) else { return }
            console.write("\r\(sum.seeds) of \(total) seeds")
        }
        if console.isLive, !json { console.write("\r\u{1b}[K") }
        let report = SimulationReport(
            sum: sum, options: sweep.options, milliseconds: Int((Monotonic.now - started) / 1000))
        if json {
            console.write(report.json)
        } else {
            if !history, let first = sum.failures.first { try printHistory(of: first.seed, sweep.options) }
            console.write(report.text)
        }
        if !sum.failures.isEmpty { throw CommandFailure([]) }
    }

    private func printHistory(of seed: UInt64, _ options: SimulationOptions) throws {
        guard !json else { return }
        var options = options
        options.keepsLines = true
        let outcome = simulate(seed: seed, options: options)
        Console.standard.write("seed \(seed)\n" + outcome.lines.map { $0.shown() + "\n" }.joined() + "\n")
    }
}

/// Microseconds of a clock that only goes forward.
enum Monotonic {
    static var now: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000
    }
}

/// What a sweep over seeds found, for people and for programs.
struct SimulationReport {
    let sum: SeedSweep.Sum
    let options: SimulationOptions
    let milliseconds: Int

    var text: String {
        var text = ""
        for failure in sum.failures {
            let seconds = Double(failure.violation.time / 1000) / 1000
            text += "seed \(failure.seed), at \(seconds) s: \(failure.violation.rule): \(failure.violation.detail)\n"
        }
        let faults = zip(Faults.named, sum.faults).filter { $0.1 > 0 }.map { "\($0.0.name) \($0.1)" }
        text += "\(sum.seeds) seeds, \(sum.executions) attempts, \(sum.events) events, "
        text += "\(sum.duration / 3_600_000_000) h of virtual time in \(Double(milliseconds) / 1000) s\n"
        if !faults.isEmpty { text += "faults: \(faults.joined(separator: ", "))\n" }
        if let first = sum.failures.first {
            text += "\(sum.failures.count) seeds break a rule; again with: martlet simulate --seeds 1 "
            text += "--first-seed \(first.seed) --agents \(options.agents) --runs \(options.runs) "
            text += "--controllers \(options.controllers) --faults \(faultNames) --history\n"
        } else {
            text += "every rule held\n"
        }
        return text
    }

    private var faultNames: String {
        if options.faults == .all { return "all" }
        return options.faults.isEmpty ? "none" : options.faults.names.joined(separator: ",")
    }

    var json: String {
        func number(_ key: String, _ number: Int) -> Node.Member {
            Node.Member(key: key, value: Node(.int(Int64(number))))
        }
        func string(_ key: String, _ text: String) -> Node.Member { Node.Member(key: key, value: Node(.string(text))) }
        let failures = sum.failures.map { failure in
            Node(
                .object([
                    string("seed", String(failure.seed)), string("rule", failure.violation.rule),
                    string("detail", failure.violation.detail),
                    number("milliseconds", Int(failure.violation.time / 1000)),
                ]))
        }
        let faults = zip(Faults.named, sum.faults).map { number($0.0.name, $0.1) }
        return Node(
            .object([
                number("seeds", sum.seeds), number("events", sum.events), number("attempts", sum.executions),
                number("virtualSeconds", Int(sum.duration / 1_000_000)), number("milliseconds", milliseconds),
                string("hash", String(sum.hash, radix: 16)),
                Node.Member(key: "faults", value: Node(.object(faults))),
                Node.Member(key: "failures", value: Node(.array(failures))),
            ])
        ).prettyJSON() + "\n"
    }
}
