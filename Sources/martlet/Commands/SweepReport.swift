internal import Document
internal import Simulation

/// What many seeds came to, for people and for programs.
struct SweepReport {
    let sum: SeedSweep.Sum
    let options: SimulationOptions
    let milliseconds: Int

    var text: String {
        var text = ""
        for failure in sum.failures {
            let time = Double(failure.violation.time / 1000) / 1000
            text += "seed \(failure.seed), at \(time) s: \(failure.violation.rule): \(failure.violation.detail)\n"
        }
        text += "\(sum.seeds) seeds, \(sum.executions) attempts, \(sum.events) events, "
        text += "\(sum.duration / 3_600_000_000) h of virtual time in \(Double(milliseconds) / 1000) s\n"
        let faults = zip(Faults.named, sum.faults).filter { $0.1 > 0 }.map { "\($0.0.name) \($0.1)" }
        if !faults.isEmpty { text += "faults: \(faults.joined(separator: ", "))\n" }
        guard let first = sum.failures.first else { return text + "every rule held\n" }
        return text + "\(sum.failures.count) broke a rule; once more: martlet simulate --seeds 1 "
            + "--first-seed \(first.seed) --agents \(options.agents) --runs \(options.runs) "
            + "--controllers \(options.controllers) --faults \(faultNames) --history\n"
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
                    // A seed may be larger than what every reader of JSON takes for a number.
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
