package import Model

/// The stages of a pipeline, expanded, linked by number and with their references read.
///
/// Compiled once from a spec, so that a pass over a run neither parses nor looks anything up by name. A class that never
/// changes: one graph serves all runs of a pipeline.
package final class StageGraph: Equatable, Sendable {
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
        let templates: Templates

        package var isApproval: Bool { spec.approval != nil }
        var continuesOnFailure: Bool { spec.onFailure == .continue }
        /// Whether one failed combination keeps those that have not started from starting.
        var failsFast: Bool { spec.matrix.map { $0.failFast == .enabled } ?? false }

        init(
            base: StageSpec, number: Int?, values: [String], needs: [Int], dependents: [Int], isFinally: Bool,
            group: Int, templates: Templates
        ) {
            let axes = base.matrix?.axes.map(\.name) ?? []
            let pairs = zip(axes, values).map { "\($0)=\($1)" }.joined(separator: ", ")
            var matrix = StringMap()
            for (axis, value) in zip(axes, values) { matrix[axis] = value }
            id = base.name + (number.map { ".\($0)" } ?? "")
            name = base.name
            title = bounded(base.name + (pairs.isEmpty ? "" : "[\(pairs)]"), to: 256)
            spec = base
            kind = base.agentKind
            self.matrix = matrix
            self.needs = needs
            self.dependents = dependents
            self.isFinally = isFinally
            self.group = group
            self.templates = templates
        }
    }

    /// How many stages a pipeline may have after expansion, `finally` included.
    package static let limit = PipelineSpec.stageLimit

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

    /// Expands and links the stages of a spec; throws the first of the errors that validation finds in it.
    package init(_ spec: PipelineSpec) throws(GraphProblem) {
        let compiler = try GraphCompiler(spec)
        stages = try compiler.compile()
        order = compiler.order
        groups = compiler.groups
        finallyStart = compiler.finallyStart
        switch spec.concurrency.map({ Template.parse($0.group) }) {
        case .success(let template): concurrencyGroup = template
        case .failure(let error):
            throw GraphProblem(error.message, at: FieldPath(.key("concurrency"), .key("group")), hint: error.hint)
        case nil: concurrencyGroup = nil
        }
        ownRepository = spec.source.map { RepositoryURL.normalised($0.url) }
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
    package static func == (left: StageGraph, right: StageGraph) -> Bool {
        left === right || left.spec == right.spec
    }
}
