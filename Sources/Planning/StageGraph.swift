package import Model

/// The stages of a pipeline, expanded, linked by number and with their references read.
///
/// Compiled once from a spec, so that a pass over a run neither parses nor looks anything up by name. Copies share
/// their storage: one graph serves all runs of a pipeline.
package struct StageGraph: Equatable, Sendable {
    /// A stage, or one combination of a stage with a matrix.
    ///
    /// A class, so that a pass that looks at a stage doesn't copy its spec; it never changes.
    package final class Stage: Sendable {
        /// `test`, or `test.3` for a combination, counted from zero.
        package let id: String
        /// The stage's name in the spec.
        package let name: String
        /// What people see: `test[python=3.12]`.
        package let title: String
        package let spec: StageSpec
        /// The kind of agent that it goes to.
        package let kind: String
        /// The values of the combination; empty without a matrix.
        package let matrix: StringMap
        /// What it needs, expanded; ascending.
        package let needs: [Int]
        /// What needs it, expanded; ascending.
        package let dependents: [Int]
        package let isFinally: Bool
        /// The stage of the spec that it comes from, as an index of `groups`.
        package let group: Int
        let when: [When]
        let with: [Setting]
        let env: [Setting]
        /// What `with` and `env` refer to, each once.
        let references: [Reference]
        /// Whether `when` looks at the commit, so that it can't be judged before the commit is known.
        let whenNeedsSource: Bool

        package var isApproval: Bool { spec.approval != nil }
        var continuesOnFailure: Bool { spec.onFailure == .continue }
        /// Whether one failed combination keeps those that have not started from starting.
        var failsFast: Bool { spec.matrix.map { $0.failFast == .enabled } ?? false }

        init(
            base: StageSpec, combination: Combination, needs: [Int], dependents: [Int], isFinally: Bool, group: Int,
            templates: Templates
        ) {
            id = base.name + (combination.number.map { ".\($0)" } ?? "")
            name = base.name
            title = bounded(base.name + combination.label, to: 256)
            spec = base
            kind = base.agentKind
            matrix = combination.values
            self.needs = needs
            self.dependents = dependents
            self.isFinally = isFinally
            self.group = group
            when = templates.when
            with = templates.with
            env = templates.env
            references = templates.references
            whenNeedsSource = templates.whenNeedsSource
        }
    }

    /// A clause of `when` with its references read.
    struct When: Sendable {
        let input: Template
        let `operator`: WhenClause.Operator
        let values: [Template]
    }

    /// A named value with its references read.
    struct Setting: Sendable {
        let name: String
        let value: Template
    }

    /// All that may hold references in one stage of the spec.
    struct Templates: Sendable {
        var when: [When] = []
        var with: [Setting] = []
        var env: [Setting] = []
        var references: [Reference] = []
        var whenNeedsSource = false
    }

    /// How many stages a pipeline may have after expansion, `finally` included.
    package static let limit = 256

    package let spec: PipelineSpec
    /// In the order of the spec, combinations side by side, `finally` last.
    package let stages: [Stage]
    /// Every stage after all that it needs.
    package let order: [Int]
    /// The expanded stages of each stage of the spec.
    package let groups: [Range<Int>]
    /// Where the stages of `finally` begin.
    package let finallyStart: Int
    /// The largest message of one stage in bytes: smaller in very large pipelines, so that the whole status keeps
    /// within its bound.
    let messageLimit: Int
    let concurrencyGroup: Template?
    /// Whether any matrix bounds how many of its combinations run at once.
    let limitsParallel: Bool
    /// The pipeline's repository, normalised once.
    let ownRepository: String?
    // Looked up, never iterated.
    private let places: [String: Int]

    /// Expands and links the stages of a spec.
    package init(_ spec: PipelineSpec) throws(GraphProblem) {
        let compiler = try GraphCompiler(spec)
        stages = try compiler.compile()
        order = compiler.order
        groups = compiler.groups
        finallyStart = compiler.finallyStart
        concurrencyGroup = try compiler.concurrencyGroup()
        ownRepository = spec.source.map { normalisedRepository($0.url) }
        limitsParallel = (spec.stages + spec.finally).contains { $0.matrix?.maxParallel != nil }
        self.spec = spec
        messageLimit = Self.messageLimit(stages: stages.count)
        var places: [String: Int] = [:]
        for (place, stage) in stages.enumerated() { places[stage.id] = place }
        self.places = places
    }

    /// The place of the stage with that id.
    package func place(of id: String) -> Int? {
        places[id]
    }

    /// All that a stage needs, directly or not, ascending; for a stage of `finally` every stage outside of it too.
    package func ancestors(of place: Int) -> [Int] {
        var isAncestor = [Bool](repeating: false, count: stages.count)
        var open = [place]
        while let next = open.popLast() {
            for need in stages[next].needs where !isAncestor[need] {
                isAncestor[need] = true
                open.append(need)
            }
        }
        if stages[place].isFinally {
            for normal in 0..<finallyStart { isAncestor[normal] = true }
        }
        return isAncestor.indices.filter { isAncestor[$0] }
    }

    // Compiling is a function of the spec, so nothing else needs a look.
    package static func == (left: Self, right: Self) -> Bool {
        left.spec == right.spec
    }
}
