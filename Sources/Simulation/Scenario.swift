package import Model

/// An agent of a simulated world.
package struct AgentPlan: Equatable, Sendable {
    package var name: String
    /// What it offers, the kind of its inbox first.
    package var kinds: [String]
    package var labels = StringMap()
    package var slots: Int
    package var selfFenceSeconds = 120
    package var drainGraceSeconds = 600
    /// Whether its state folder outlives its process.
    package var keepsReports = false

    package init(name: String, kinds: [String], slots: Int) {
        self.name = name
        self.kinds = kinds
        self.slots = slots
    }
}

/// A run that somebody asks for.
struct RunPlan {
    var at: Int64
    var run: PipelineRun
}

/// What one attempt at a stage will take.
struct Effort {
    var duration: Int64
    var outcome: StageOutcome
}

/// Everything that a world is made of; what happens in it follows from this and the seed.
struct Scenario {
    var seed: UInt64
    var agents: [AgentPlan] = []
    var controllers = 1
    var pipelines: [(at: Int64, pipeline: Pipeline)] = []
    var runs: [RunPlan] = []
    var faults: Faults = []
    /// When the last fault has been mended and people have had their say.
    var faultsEnd: Int64 = 0
    /// How long everything may take after that.
    var patience = seconds(3600)
    /// How long stages take, by name; by chance where nothing is said.
    var durations: [String: Int64]?
    /// The names of the results that stages give then.
    var results: [String: [String]] = [:]
    var inboxPartitions = 2
    var resultsPartitions = 3
    var presencePartitions = 2
    /// More events than any such world needs.
    var eventLimit = 100_000
    var keepsLines = false
}
