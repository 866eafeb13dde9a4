internal import ArgumentParser
internal import Model
internal import Planning

/// How long one pass over one run takes.
struct PlanBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan", abstract: "One pass of the planner over one run.")

    @Option(help: "Stages in a row.") var stages = 4
    @Option(name: .customShort("n"), help: "Passes.") var count = 20_000
    @OptionGroup var output: OutputOptions

    func run() throws {
        var pipeline = PipelineSpec()
        var before: String?
        for number in 0..<max(1, stages) {
            let stage = StageSpec(name: "stage-\(number)", needs: before.map { [$0] } ?? [], run: "true")
            before = stage.name
            pipeline.stages.append(stage)
        }
        let graph = try StageGraph(pipeline)
        var spec = PipelineRunSpec()
        spec.pipelineSpec = pipeline
        let now = Timestamp(seconds: 1_790_000_000)
        let metadata = Metadata(name: "bench", uid: "b", creationTimestamp: now)
        let fresh = Observation(run: PipelineRun(metadata: metadata, spec: spec), graph: graph, now: now)
        // In the middle: the first half has ended, one stage runs and now ends.
        var middle = fresh
        middle.run.status = plan(for: fresh).status
        let place = stages / 2
        for done in 0..<place { middle.run.status.stages[done].state = .succeeded }
        bind(&middle.run.status, stage: "stage-\(place)", agent: "a", instance: "i", digest: "d", now: now)
        middle.reports = [
            StageReport(
                fence: Fence(run: "b", stage: "stage-\(place)", attempt: 1), instance: "i", digest: "d",
                event: .finished(StageOutcome(.succeeded)))
        ]
        var samples: [Double] = []
        samples.reserveCapacity(count)
        var sum = 0
        for round in 0..<count {
            let began = uptime()
            sum += plan(for: round % 2 == 0 ? fresh : middle).status.stages.count
            samples.append(uptime() - began)
        }
        precondition(sum == count * stages)
        Measurement(benchmark: "plan", n: count, samples: samples, goal: "4 stages in at most 0.015 ms")
            .show(asJSON: output.json)
    }
}

/// How long one pass of the scheduler over a long queue takes.
struct ScheduleBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schedule", abstract: "One pass of the scheduler over a long queue.")

    @Option(help: "Stages that wait.") var pending = 10_000
    @Option(help: "Agents, of four kinds, with four slots each.") var agents = 500
    @Flag(help: "Harder: many labels, agents of several kinds, a thousand pipelines.") var mixed = false
    @Option(name: .customShort("n"), help: "Passes.") var count = 20
    @OptionGroup var output: OutputOptions

    func run() {
        let input = mixed ? mixedInput : plainInput
        var samples: [Double] = []
        var placed = 0
        for _ in 0..<count {
            let began = uptime()
            placed = schedule(input).bindings.count
            samples.append(uptime() - began)
        }
        precondition(placed > 0)
        Measurement(
            benchmark: mixed ? "schedule, mixed" : "schedule", n: count, samples: samples,
            goal: "10,000 stages on 500 agents in at most 50 ms"
        ).show(asJSON: output.json)
    }

    private var plainInput: SchedulingInput {
        let kinds = ["lint", "test", "build", "security"]
        let now = Timestamp(seconds: 1_790_000_000)
        let ready = (0..<pending).map { number in
            ReadyStage(
                run: "run-\(number)", stage: "s", pipeline: "p\(number % 37)", kind: kinds[number % 4],
                selector: number % 10 == 0 ? ["arch": "arm64"] : [:], priority: number % 3,
                since: now.adding(seconds: -(number * 7919 % 100_000)), repository: "example.com/r\(number % 50)")
        }
        let candidates = (0..<agents).map { number in
            Candidate(
                agent: "agent-\(number)", instance: "i-\(number)", kinds: [kinds[number % 4]],
                labels: ["arch": number % 5 == 0 ? "arm64" : "amd64"], slots: 4, free: 4 - number % 3,
                repositories: ["example.com/r\(number % 50)"])
        }
        return SchedulingInput(ready: ready, candidates: candidates, now: now)
    }

    /// Some 2,000 different wishes, each of which has to find its agents.
    private var mixedInput: SchedulingInput {
        let kinds = ["lint", "test", "build", "security", "shell", "gpu"]
        let now = Timestamp(seconds: 1_790_000_000)
        let ready = (0..<pending).map { number in
            var selector: StringMap = [:]
            let mix = number * 2_654_435_761 % 4_294_967_296 >> 7
            if mix % 2 == 0 { selector["zone"] = "z\(mix / 2 % 20)" }
            if mix / 40 % 3 == 0 { selector["arch"] = mix / 120 % 2 == 0 ? "arm64" : "amd64" }
            if mix / 240 % 4 == 0 { selector["size"] = "s\(mix / 960 % 5)" }
            if mix / 4800 % 5 == 0 { selector["disk"] = "ssd" }
            return ReadyStage(
                run: "run-\(number / 3)", stage: "s\(number % 3)", pipeline: "p\(number * 31 % 1000)",
                kind: kinds[number % 6], selector: selector, priority: number % 11 == 0 ? 5 : 0,
                since: now.adding(seconds: -(number * 7919 % 100_000)), repository: "example.com/r\(number % 200)")
        }
        let candidates = (0..<agents).map { number in
            Candidate(
                agent: "agent-\(number)", instance: "i-\(number)",
                kinds: (0...(number % 3)).map { kinds[(number + $0) % 6] },
                labels: [
                    "zone": "z\(number % 20)", "arch": number % 4 == 0 ? "arm64" : "amd64",
                    "size": "s\(number % 5)", "disk": number % 2 == 0 ? "ssd" : "hdd",
                ], slots: 4, free: number % 5,
                repositories: (0..<20).map { "example.com/r\((number * 7 + $0) % 200)" },
                isDraining: number % 50 == 0,
                passedOverUntil: number % 33 == 0 ? now.adding(seconds: 9) : nil)
        }
        let shares = (0..<1000).map { PipelineShare(pipeline: "p\($0)", stages: $0 % 7) }
        return SchedulingInput(ready: ready, candidates: candidates, bound: shares, now: now)
    }
}
