internal import Glibc
package import Model

/// A question of capacity: these agents, this pipeline, so many runs.
package struct CapacityPlan: Equatable, Sendable {
    package static let defaultSeconds = 60

    package var name: String
    package var pipeline: PipelineSpec
    package var agents: [AgentPlan] = []
    /// How long each stage takes, by name; `defaultSeconds` where nothing is said.
    package var seconds: [String: Int] = [:]
    package var runs = 100
    /// Runs that come in an hour, each when chance has it; all at once where there is none.
    package var runsPerHour: Double?
    package var seed: UInt64 = 0

    package init(name: String, pipeline: PipelineSpec) {
        self.name = name
        self.pipeline = pipeline
    }

    /// Stages that no agent could take, as `stage: what it wants`.
    package var hopeless: [String] {
        stages.filter { $0.approval == nil }.compactMap { stage in
            let isOffered = agents.contains {
                $0.kinds.contains(stage.agentKind) && stage.agentSelector.isContained(in: $0.labels) && $0.slots > 0
            }
            guard !isOffered else { return nil }
            let labels = stage.agentSelector.entries.map { ",\($0.key)=\($0.value)" }.joined()
            return "\(stage.name): \(stage.agentKind)\(labels)"
        }
    }

    /// Stages of which nothing is said, and names of which there is no stage.
    package var unnamed: [String] { stages.filter { $0.approval == nil && seconds[$0.name] == nil }.map(\.name) }
    package var unknown: [String] { seconds.keys.sorted().filter { name in !stages.contains { $0.name == name } } }

    private var stages: [StageSpec] { pipeline.stages + pipeline.finally }

    var scenario: Scenario {
        var scenario = Scenario(seed: seed)
        scenario.agents = agents
        let names = stages.map(\.name)
        scenario.durations = Dictionary(
            uniqueKeysWithValues: names.map { ($0, Simulation.seconds(seconds[$0] ?? Self.defaultSeconds)) })
        scenario.results = Dictionary(uniqueKeysWithValues: names.map { ($0, results(of: $0)) })
        scenario.pipelines = [(0, Pipeline(metadata: Metadata(name: name, uid: "p"), spec: playable))]
        scenario.inboxPartitions = 32
        scenario.resultsPartitions = 8
        scenario.presencePartitions = 8
        scenario.patience = Simulation.seconds(365 * 86_400)
        scenario.eventLimit = .max
        var dice = Dice(seed: seed)
        // Everybody is there when the first comes.
        var at = Simulation.seconds(5)
        for number in 0..<runs {
            if let runsPerHour {
                let chance = (Double(dice.below(1 << 53)) + 1) / Double(1 << 53)
                at += Int64(-log(chance) / runsPerHour * 3_600_000_000)
            }
            var spec = PipelineRunSpec()
            spec.pipelineRef = PipelineReference(name: name)
            spec.params = pipeline.params.filter { $0.default == nil }.map { Param(name: $0.name, value: "") }
            scenario.runs.append(
                RunPlan(
                    at: at, run: PipelineRun(metadata: Metadata(name: "run-\(number)", uid: "u\(number)"), spec: spec)))
        }
        return scenario
    }

    /// The pipeline without what only real agents have, and with all its runs kept, since they are looked at in the end.
    private var playable: PipelineSpec {
        var spec = pipeline
        spec.source?.credentials = nil
        spec.successfulRunsHistoryLimit = nil
        spec.failedRunsHistoryLimit = nil
        spec.ttlSecondsAfterFinished = nil
        for index in spec.stages.indices { spec.stages[index].secrets = [] }
        for index in spec.finally.indices { spec.finally[index].secrets = [] }
        return spec
    }

    /// The names of a stage's results that other stages look at.
    private func results(of stage: String) -> [String] {
        let start = "$(stages.\(stage).results."
        var names: [String] = []
        for other in stages {
            let texts =
                other.env.map(\.value) + other.with.entries.map(\.value) + other.when.map(\.input)
                + other.when.flatMap(\.values)
            for text in texts {
                var rest = Substring(text)
                while let found = rest.firstRange(of: start) {
                    rest = rest[found.upperBound...]
                    let name = String(rest.prefix { $0 != ")" })
                    if !names.contains(name) { names.append(name) }
                }
            }
        }
        return names
    }
}

extension Substring {
    fileprivate func firstRange(of text: String) -> Range<Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(text) { return start..<index(start, offsetBy: text.count) }
            start = index(after: start)
        }
        return nil
    }
}
