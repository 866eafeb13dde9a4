internal import ArgumentParser

/// Measures Martlet. Each benchmark prints a table for people, or one JSON object with `--json`.
@main
struct Bench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "martlet-bench",
        abstract: "Measures Martlet.",
        discussion: """
            Build it optimised (swift build -c release). Everything runs on this machine, on an embedded broker unless \
            --kafka names one, and in a state folder that is removed afterwards, or, with --kubeconfig, in a cluster \
            that has the CRDs.
            """,
        subcommands: [
            HandoffBench.self, RunBench.self, ThroughputBench.self, CostBench.self, PlanBench.self,
            ScheduleBench.self, WebhookBench.self,
        ])
}

struct OutputOptions: ParsableArguments {
    @Flag(name: .long, help: "Print one JSON object instead of a table.")
    var json = false
}
