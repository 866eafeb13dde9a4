internal import Model

/// Makes worlds of every shape: a few agents, pipelines with all that the planner knows, and what will go wrong.
struct RandomScenario {
    private static let kinds = ["shell", "build", "test"]
    private var dice: Dice
    /// Apart from the others, so that worlds without limits stay what they are.
    private var historyDice: Dice
    /// Likewise for worlds without concurrency groups.
    private var groupDice: Dice
    /// Likewise for worlds whose store isn't slow.
    private var storeDice: Dice
    private let options: SimulationOptions
    private let isGrouped: Bool
    private var labelled: Set<String> = []
    private var offered: [String] = []

    init(seed: UInt64, options: SimulationOptions) {
        self.options = options
        dice = Dice(seed: seed ^ 0x5EED_0000_0000_0001)
        historyDice = Dice(seed: seed ^ 0x5EED_0000_0000_0002)
        groupDice = Dice(seed: seed ^ 0x5EED_0000_0000_0003)
        storeDice = Dice(seed: seed ^ 0x5EED_0000_0000_0004)
        isGrouped = groupDice.chance(25)
    }

    mutating func scenario(seed: UInt64) -> Scenario {
        var scenario = Scenario(seed: seed)
        scenario.controllers = max(options.controllers, options.faults.contains(.twoControllers) ? 2 : 1)
        scenario.faults = chosenFaults()
        scenario.faultsEnd = scenario.faults.isEmpty ? seconds(60) : seconds(60 + dice.below(180))
        scenario.agents = (0..<options.agents).map { agent($0) }
        scenario.inboxPartitions = 1 + dice.below(3)
        scenario.resultsPartitions = 1 + dice.below(3)
        scenario.presencePartitions = 1 + dice.below(2)
        for number in 0..<2 {
            var pipeline = Pipeline(metadata: Metadata(name: "p\(number)", uid: "p\(number)"), spec: pipeline())
            limitHistory(of: &pipeline.spec)
            group(&pipeline.spec)
            // Now and then a run waits for its pipeline.
            scenario.pipelines.append((dice.chance(20) ? dice.between(0, seconds(30)) : 0, pipeline))
        }
        let span = max(seconds(5), scenario.faultsEnd - seconds(40))
        for number in 0..<options.runs { scenario.runs.append(run(number, within: span)) }
        // Only of pipelines that are not theirs alone do runs have a history.
        for place in scenario.runs.indices where historyDice.chance(5) {
            scenario.runs[place].run.spec.pipelineSpec?.ttlSecondsAfterFinished = historyDice.below(60)
        }
        if isGrouped {
            for place in scenario.runs.indices where groupDice.chance(40) {
                if var spec = scenario.runs[place].run.spec.pipelineSpec {
                    group(&spec)
                    scenario.runs[place].run.spec.pipelineSpec = spec
                }
            }
        }
        return scenario
    }

    /// Groups are shared by pipelines and by runs with their own, each with a limit and a policy of its own.
    private mutating func group(_ spec: inout PipelineSpec) {
        guard isGrouped, groupDice.chance(70) else { return }
        var concurrency = Concurrency()
        concurrency.group = groupDice.pick(["one", "two", "$(run.pipeline)"]) ?? "one"
        concurrency.limit = 1 + groupDice.below(2)
        concurrency.policy = groupDice.pick([.queue, .queue, .cancelOlder, .reject]) ?? .queue
        spec.concurrency = concurrency
    }

    private mutating func limitHistory(of spec: inout PipelineSpec) {
        guard historyDice.chance(20) else { return }
        if historyDice.chance(70) { spec.successfulRunsHistoryLimit = historyDice.below(3) }
        if historyDice.chance(70) { spec.failedRunsHistoryLimit = historyDice.below(3) }
        if historyDice.chance(30) { spec.ttlSecondsAfterFinished = historyDice.below(120) }
    }

    /// A part of what is switched on: too much at once hides what each does.
    private mutating func chosenFaults() -> Faults {
        var slowStore: Faults = []
        if options.faults == .slowStore || storeDice.chance(20) { slowStore = options.faults.intersection(.slowStore) }
        return slowStore.union(chosenFaults(of: options.faults.subtracting(.slowStore)))
    }

    private mutating func chosenFaults(of all: Faults) -> Faults {
        if dice.chance(10) { return all }
        let share = 15 + dice.below(60)
        var faults: Faults = []
        for entry in Faults.named where all.contains(entry.fault) && dice.chance(share) {
            faults.formUnion(entry.fault)
        }
        return faults
    }

    private mutating func agent(_ number: Int) -> AgentPlan {
        var kinds = [Self.kinds[number % Self.kinds.count]]
        for kind in Self.kinds where kind != kinds[0] && dice.chance(30) { kinds.append(kind) }
        var plan = AgentPlan(name: "a\(number)", kinds: kinds, slots: 1 + dice.below(3))
        if dice.chance(30) {
            plan.labels = ["arch": "arm64"]
            labelled.insert(kinds[0])
        }
        plan.selfFenceSeconds = dice.pick([20, 60, 120]) ?? 120
        plan.drainGraceSeconds = dice.pick([3, 20]) ?? 20
        plan.keepsReports = dice.chance(60)
        for kind in kinds where !offered.contains(kind) { offered.append(kind) }
        return plan
    }

    private mutating func run(_ number: Int, within span: Int64) -> RunPlan {
        var spec = PipelineRunSpec()
        if dice.chance(30) {
            spec.pipelineRef = PipelineReference(name: "p\(dice.below(2))")
        } else {
            spec.pipelineSpec = pipeline()
        }
        if dice.chance(20) { spec.source = RunSource(url: "https://git.example/r", ref: "refs/heads/main") }
        if dice.chance(30) { spec.priority = dice.below(5) }
        let uid = "u\(number)"
        return RunPlan(
            at: dice.chance(40) ? dice.between(0, seconds(5)) : dice.between(0, span),
            run: PipelineRun(metadata: Metadata(name: "run-\(number)", uid: uid), spec: spec))
    }

    // MARK: Pipelines

    private mutating func pipeline() -> PipelineSpec {
        var spec = PipelineSpec()
        spec.params = [ParamSpec(name: "env", default: "prod")]
        if dice.chance(15) { spec.timeoutSeconds = dice.pick([60, 300]) ?? 300 }
        for number in 0..<(1 + dice.below(5)) { spec.stages.append(stage("s\(number)", after: spec.stages)) }
        for number in 0..<(dice.chance(30) ? 1 + dice.below(2) : 0) {
            spec.finally.append(stage("f\(number)", after: spec.finally, mayAsk: false))
        }
        spec.stages.shuffle(using: &dice)
        return spec
    }

    private mutating func stage(_ name: String, after others: [StageSpec], mayAsk: Bool = true) -> StageSpec {
        var stage = StageSpec(name: name)
        for other in others where dice.chance(40) { stage.needs.append(other.name) }
        if dice.chance(20) { stage.onFailure = .continue }
        if dice.chance(10) {
            stage.when = [WhenClause("$(params.env)", dice.chance(60) ? .isIn : .isNotIn, ["prod"])]
        }
        if mayAsk, dice.chance(8) {
            stage.approval = Approval()
            return stage
        }
        stage.run = "true"
        stage.agent = dice.pick(offered)
        if let kind = stage.agent, labelled.contains(kind), dice.chance(30) {
            stage.agentSelector = ["arch": "arm64"]
        }
        if dice.chance(25) { stage.timeoutSeconds = dice.pick([3, 20, 60]) }
        if dice.chance(15) { stage.priority = dice.below(3) }
        if dice.chance(40) {
            var retry = Retry()
            retry.limit = dice.below(3)
            retry.backoffSeconds = dice.pick([0, 1, 10]) ?? 1
            if dice.chance(30) { retry.reasons = [.failure] }
            stage.retry = retry
        }
        if dice.chance(15) { stage.matrix = matrix() }
        let source = others.first { stage.needs.contains($0.name) && $0.matrix == nil && $0.approval == nil }
        if let source, dice.chance(15) {
            stage.env = [EnvironmentVariable(name: "R", value: "$(stages.\(source.name).results.r)")]
        }
        return stage
    }

    private mutating func matrix() -> Matrix {
        var matrix = Matrix()
        matrix.axes = [MatrixAxis(name: "v", values: ["1", "2", "3"])]
        if dice.chance(30) { matrix.exclude = [["v": "2"]] }
        if dice.chance(40) { matrix.maxParallel = 1 + dice.below(2) }
        if dice.chance(40) { matrix.failFast = .disabled }
        return matrix
    }
}

extension RunSource {
    fileprivate init(url: String, ref: String) {
        self.init()
        self.url = url
        self.ref = ref
    }
}
