import Model

/// Makes the stages of a graph out of a spec.
struct GraphCompiler {
    /// A stage of the spec, before expansion.
    private struct Base {
        let spec: StageSpec
        let isFinally: Bool
        var needs: [Int] = []
        /// For each combination the values of the axes, in their order; one without values where there is no matrix.
        var combinations: [[String]] = [[]]
    }

    private var bases: [Base]
    private var baseOrder: [Int] = []
    private(set) var groups: [Range<Int>] = []
    private(set) var finallyStart = 0

    /// Every stage after all that it needs.
    var order: [Int] { baseOrder.flatMap { Array(groups[$0]) } }

    init(_ spec: PipelineSpec) throws(GraphProblem) {
        // One set of rules for files, for the API server and for runs: whatever gets past it can be linked.
        if let problem = spec.problems(at: FieldPath()).first(where: { $0.severity == .error }) {
            throw GraphProblem(problem)
        }
        bases =
            spec.stages.map { Base(spec: $0, isFinally: false) } + spec.finally.map { Base(spec: $0, isFinally: true) }
        link()
        sort()
        try expand(finally: spec.stages.count)
    }

    private mutating func link() {
        var places: [String: Int] = [:]
        for (index, base) in bases.enumerated() { places[base.spec.name] = index }
        for index in bases.indices {
            bases[index].needs = bases[index].spec.needs.compactMap { places[$0] }.sorted()
        }
    }

    /// Orders the stages so that each comes after what it needs; among free ones the spec's order holds.
    private mutating func sort() {
        var open = bases.map(\.needs.count)
        var dependents = [[Int]](repeating: [], count: bases.count)
        for (index, base) in bases.enumerated() {
            for need in base.needs { dependents[need].append(index) }
        }
        baseOrder = bases.indices.filter { open[$0] == 0 }
        var next = 0
        while next < baseOrder.count {
            for dependent in dependents[baseOrder[next]] {
                open[dependent] -= 1
                if open[dependent] == 0 { baseOrder.append(dependent) }
            }
            next += 1
        }
    }

    private mutating func expand(finally: Int) throws(GraphProblem) {
        var total = 0
        for index in bases.indices {
            if index == finally { finallyStart = total }
            if let matrix = bases[index].spec.matrix { bases[index].combinations = matrix.combinations() ?? [] }
            let next = total + bases[index].combinations.count
            groups.append(total..<next)
            total = next
        }
        if finally == bases.count { finallyStart = total }
        // What all decisions rest on, so looked at here even though validation does too.
        guard baseOrder.count == bases.count else {
            throw GraphProblem("stages need each other in a circle", at: FieldPath(.key("stages")))
        }
        guard (1...StageGraph.limit).contains(total), groups.allSatisfy({ !$0.isEmpty }) else {
            throw GraphProblem(
                "there are \(total) stages once matrices are expanded; 1 to \(StageGraph.limit) are allowed",
                at: FieldPath(.key("stages")))
        }
    }

    func compile() throws(GraphProblem) -> [StageGraph.Stage] {
        var stages: [StageGraph.Stage] = []
        var dependents = [[Int]](repeating: [], count: bases.count)
        for (group, base) in bases.enumerated() {
            for need in base.needs { dependents[need].append(contentsOf: groups[group]) }
        }
        for (group, base) in bases.enumerated() {
            let templates = try StageGraph.Templates(base.spec)
            let needs = base.needs.flatMap { Array(groups[$0]) }
            for (number, values) in base.combinations.enumerated() {
                stages.append(
                    StageGraph.Stage(
                        base: base.spec, number: base.spec.matrix == nil ? nil : number, values: values, needs: needs,
                        dependents: dependents[group], isFinally: base.isFinally, group: group, templates: templates))
            }
        }
        return stages
    }
}
