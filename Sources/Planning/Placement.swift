package import Model

/// An agent as the scheduler sees it.
package struct Candidate: Equatable, Sendable {
    package var agent: String
    package var instance: String
    package var kinds: [String]
    package var labels: StringMap
    package var slots: Int
    /// Slots neither bound by a status, nor reserved, nor taken by work beyond those.
    package var free: Int
    /// Normalised URLs of the repositories that it has mirrored.
    package var repositories: [String]
    package var isDraining: Bool
    /// Not before this time, after it declined or missed a claim.
    package var passedOverUntil: Timestamp?
    /// What it did for that, for people.
    package var passedOverCause: String?
    /// Set where it has not been heard of for longer than a lease. The scheduler is given none of these.
    package var silentSince: Timestamp?

    package init(
        agent: String, instance: String, kinds: [String], labels: StringMap = StringMap(), slots: Int, free: Int,
        repositories: [String] = [], isDraining: Bool = false, passedOverUntil: Timestamp? = nil
    ) {
        self.agent = agent
        self.instance = instance
        self.kinds = kinds
        self.labels = labels
        self.slots = slots
        self.free = free
        self.repositories = repositories
        self.isDraining = isDraining
        self.passedOverUntil = passedOverUntil
    }
}

/// The queue of one scheduling pass.
package struct SchedulingInput: Equatable, Sendable {
    /// Of all runs, in any order.
    package var ready: [ReadyStage]
    package var candidates: [Candidate]
    /// How many stages each pipeline has bound, for fair shares. Sorted by nothing in particular.
    package var bound: [PipelineShare]
    /// Set while nothing may be assigned (Kafka out of reach); every ready stage then says so.
    package var hold: String?
    package var now: Timestamp

    package init(
        ready: [ReadyStage], candidates: [Candidate], bound: [PipelineShare] = [], hold: String? = nil, now: Timestamp
    ) {
        self.ready = ready
        self.candidates = candidates
        self.bound = bound
        self.hold = hold
        self.now = now
    }
}

package struct PipelineShare: Equatable, Sendable {
    package var pipeline: String
    package var stages: Int

    package init(pipeline: String, stages: Int) {
        self.pipeline = pipeline
        self.stages = stages
    }
}

/// What one scheduling pass decides.
package struct Placement: Equatable, Sendable {
    package struct Binding: Equatable, Sendable {
        package var run: String
        package var stage: String
        package var agent: String
        package var instance: String

        package init(run: String, stage: String, agent: String, instance: String) {
            self.run = run
            self.stage = stage
            self.agent = agent
            self.instance = instance
        }
    }

    package struct Unplaced: Equatable, Sendable {
        package var run: String
        package var stage: String
        package var reason: String
        /// "3 agents offer `build`: 2 busy, 1 lacks label arch=arm64".
        package var message: String
        /// Whether no agent now alive could ever take it (no such kind, or no such labels), however long it waits.
        package var isHopeless: Bool

        package init(run: String, stage: String, reason: String, message: String, isHopeless: Bool) {
            self.run = run
            self.stage = stage
            self.reason = reason
            self.message = message
            self.isHopeless = isHopeless
        }
    }

    package var bindings: [Binding] = []
    package var unplaced: [Unplaced] = []
    /// When a passed-over agent may be tried again.
    package var lookAgain: Timestamp?

    package init() {}
}
