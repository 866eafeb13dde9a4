internal import ArgumentParser
internal import Document
internal import Manifests
internal import Model
internal import Presentation
internal import Simulation

/// The flags of `martlet simulate --pipeline`.
struct CapacityOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("A manifest with one Pipeline, to be played with the agents given.", valueName: "FILE"),
        completion: .file(extensions: ["yaml", "yml", "json"]))
    var pipeline: String?

    @Option(
        name: .customLong("agent"),
        help: ArgumentHelp(
            "So many agents of a kind, with so many slots each, and labels. May be repeated.",
            valueName: "KIND=COUNTxSLOTS[,LABEL=VALUE]"))
    var fleet: [FleetArgument] = []

    @Option(
        help: ArgumentHelp(
            "How long stages take; \(CapacityPlan.defaultSeconds) s where nothing is said. May be repeated.",
            valueName: "STAGE=SECONDS"))
    var duration: [DurationArgument] = []

    @Option(help: ArgumentHelp("How many runs come in an hour; without it all come at once.", valueName: "N"))
    var rate: Double?

    func validate() throws {
        guard pipeline != nil else {
            guard fleet.isEmpty, duration.isEmpty, rate == nil else {
                throw ValidationError("--agent, --duration and --rate go with --pipeline.")
            }
            return
        }
        if fleet.isEmpty { throw ValidationError("--pipeline needs the agents: --agent build=2x4, say.") }
        if let rate, !(rate > 0 && rate <= 1_000_000) {
            throw ValidationError("--rate must be above 0 and at most 1000000.")
        }
    }

    /// What is asked; nil where it isn't about capacity.
    func plan(runs: Int?, seed: UInt64) throws -> CapacityPlan? {
        guard let pipeline else { return nil }
        var loader = ManifestLoader()
        if pipeline == InputFile.standardInput {
            loader.add(file: InputFile.standardInputName, bytes: try InputFile.read(pipeline))
        } else {
            loader.add(path: pipeline)
        }
        let set = loader.finish()
        guard !set.hasErrors else {
            throw CommandFailure(set.problems.map(\.line), code: CommandFailure.badInput)
        }
        guard let found = set.pipelines.first, set.pipelines.count == 1 else {
            throw CommandFailure(
                "\(pipeline.shown()) has \(set.pipelines.count) Pipelines; one is wanted", code: CommandFailure.badInput
            )
        }
        var plan = CapacityPlan(name: found.metadata.name, pipeline: found.spec)
        for (place, argument) in fleet.enumerated() {
            for number in 0..<argument.count {
                var agent = AgentPlan(
                    name: "\(argument.kind)-\(place).\(number)", kinds: [argument.kind], slots: argument.slots)
                agent.labels = argument.labels
                plan.agents.append(agent)
            }
        }
        for (name, seconds) in duration.flatMap(\.seconds) { plan.seconds[name] = seconds }
        plan.runs = runs ?? plan.runs
        plan.runsPerHour = rate
        plan.seed = seed
        if let name = plan.unknown.first {
            let near = Suggestion.nearest(to: name, among: plan.unnamed).map { " (did you mean `\($0)`?)" }
            throw CommandFailure(
                "--duration: the pipeline has no stage `\(name.shown())`\(near ?? "")", code: CommandFailure.badInput)
        }
        if !plan.hopeless.isEmpty {
            throw CommandFailure(
                plan.hopeless.map { "no agent could take \($0)" } + ["name the missing with --agent KIND=COUNTxSLOTS"],
                code: CommandFailure.badInput)
        }
        return plan
    }

    func report(on plan: CapacityPlan, json: Bool) throws {
        let report = simulate(plan)
        let answer = CapacityAnswer(plan: plan, report: report)
        if json { Console.standard.write(answer.json) } else { Console.standard.write(answer.text) }
        if let violation = report.violations.first {
            throw CommandFailure("a rule doesn't hold: \(violation.rule): \(violation.detail)")
        }
    }
}

/// `build=2x4,arch=arm64`: two agents of the kind build with four slots each and a label.
struct FleetArgument: ExpressibleByArgument {
    var kind: String
    var count: Int
    var slots: Int
    var labels = StringMap()

    init?(argument: String) {
        let parts = argument.split(separator: ",", omittingEmptySubsequences: false)
        let head = parts[0].split(separator: "=", maxSplits: 1)
        guard head.count == 2, TextRule.dnsLabel.complaint(about: String(head[0])) == nil else { return nil }
        let numbers = head[1].split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
        guard (1...2).contains(numbers.count), let count = numbers[0], (1...1000).contains(count) else { return nil }
        guard let slots = numbers.count == 2 ? numbers[1] : 1, (1...1000).contains(slots) else { return nil }
        kind = String(head[0])
        self.count = count
        self.slots = slots
        for part in parts.dropFirst() {
            let label = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard label.count == 2, !label[0].isEmpty else { return nil }
            labels[String(label[0])] = String(label[1])
        }
    }
}

/// `lint=30,build=600`.
struct DurationArgument: ExpressibleByArgument {
    var seconds: [(name: String, seconds: Int)] = []

    init?(argument: String) {
        for part in argument.split(separator: ",", omittingEmptySubsequences: false) {
            let pair = part.split(separator: "=", maxSplits: 1)
            guard pair.count == 2, let seconds = Int(pair[1]), (0...31_536_000).contains(seconds) else { return nil }
            self.seconds.append((String(pair[0]), seconds))
        }
    }
}
