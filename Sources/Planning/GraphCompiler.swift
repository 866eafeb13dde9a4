import Model

/// Makes the stages of a graph out of a spec.
struct GraphCompiler {
    /// A stage of the spec, before expansion.
    private struct Base {
        let spec: StageSpec
        let path: FieldPath
        let isFinally: Bool
        var needs: [Int] = []
        var combinations: [Combination] = []
    }

    private let spec: PipelineSpec
    private var bases: [Base] = []
    private var baseOrder: [Int] = []
    private(set) var groups: [Range<Int>] = []
    private(set) var finallyStart = 0

    /// Every stage after all that it needs.
    var order: [Int] { baseOrder.flatMap { Array(groups[$0]) } }

    init(_ spec: PipelineSpec) throws(GraphProblem) {
        self.spec = spec
        for (index, stage) in spec.stages.enumerated() {
            bases.append(Base(spec: stage, path: FieldPath(.key("stages"), .index(index)), isFinally: false))
        }
        for (index, stage) in spec.finally.enumerated() {
            bases.append(Base(spec: stage, path: FieldPath(.key("finally"), .index(index)), isFinally: true))
        }
        guard !spec.stages.isEmpty else {
            throw GraphProblem("a pipeline has at least one stage", at: FieldPath(.key("stages")))
        }
        try link()
        try sort()
        try expand()
    }

    private mutating func link() throws(GraphProblem) {
        var places: [String: Int] = [:]
        for (index, base) in bases.enumerated() {
            guard places.updateValue(index, forKey: base.spec.name) == nil else {
                throw GraphProblem("a stage named `\(base.spec.name)` is already there", at: base.path.key("name"))
            }
        }
        for index in bases.indices {
            let base = bases[index]
            for (position, name) in base.spec.needs.enumerated() {
                let path = base.path.key("needs").index(position)
                guard let need = places[name] else {
                    let near = Suggestion.nearest(to: name, among: bases.map(\.spec.name))
                    throw GraphProblem(
                        "there is no stage `\(name)`", at: path, hint: near.map { "did you mean `\($0)`?" })
                }
                if need == index {
                    throw GraphProblem("`\(name)` needs itself", at: path)
                }
                if bases[need].isFinally, !base.isFinally {
                    throw GraphProblem(
                        "`\(name)` is a stage of `finally`, which runs once all others have ended", at: path)
                }
                if base.isFinally, !bases[need].isFinally {
                    throw GraphProblem(
                        "a stage of `finally` can't need `\(name)`: it runs after all others, whatever their outcome",
                        at: path, hint: "leave this need out")
                }
                if !bases[index].needs.contains(need) { bases[index].needs.append(need) }
            }
            bases[index].needs.sort()
        }
    }

    /// Orders the stages so that each comes after what it needs; among free ones the spec's order holds.
    private mutating func sort() throws(GraphProblem) {
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
        guard baseOrder.count < bases.count, let start = bases.indices.first(where: { open[$0] > 0 }) else { return }
        // Each stage that is left needs another one that is left: following those must come round.
        var way = [start]
        while true {
            guard let last = way.last, let need = bases[last].needs.first(where: { open[$0] > 0 }) else { return }
            if let begin = way.firstIndex(of: need) {
                let names = (way[begin...] + [need]).map { bases[$0].spec.name }
                throw GraphProblem(
                    "stages need each other in a circle: \(names.joined(separator: " → "))",
                    at: bases[need].path.key("needs"))
            }
            way.append(need)
        }
    }

    private mutating func expand() throws(GraphProblem) {
        var total = 0
        for index in bases.indices {
            if index == spec.stages.count { finallyStart = total }
            let path = bases[index].path.key("matrix")
            bases[index].combinations = try Combination.all(of: bases[index].spec.matrix, at: path)
            let next = total + bases[index].combinations.count
            guard next <= StageGraph.limit else {
                throw GraphProblem(
                    "there are more than \(StageGraph.limit) stages once matrices are expanded", at: path,
                    hint: "use fewer values, or exclude combinations")
            }
            groups.append(total..<next)
            total = next
        }
        if spec.finally.isEmpty { finallyStart = total }
    }

    func compile() throws(GraphProblem) -> [StageGraph.Stage] {
        var stages: [StageGraph.Stage] = []
        var dependents = [[Int]](repeating: [], count: bases.count)
        for (group, base) in bases.enumerated() {
            for need in base.needs { dependents[need].append(contentsOf: groups[group]) }
        }
        for (group, base) in bases.enumerated() {
            let when = try whenClauses(of: base)
            let with = try base.spec.with.entries.mapThrowing { entry throws(GraphProblem) in
                StageGraph.Setting(
                    name: entry.key, value: try template(entry.value, at: base.path.key("with").key(entry.key)))
            }
            let env = try environment(of: base)
            var references: [Reference] = []
            for reference in (with + env).flatMap(\.value.references) where !references.contains(reference) {
                references.append(reference)
            }
            let asked = when.flatMap { $0.input.references + $0.values.flatMap(\.references) }
            try check(references + asked, of: base, group: group)
            let templates = StageGraph.Templates(
                when: when, with: with, env: env, references: references,
                whenNeedsSource: asked.contains { if case .source = $0 { true } else { false } })
            let needs = base.needs.flatMap { Array(groups[$0]) }
            for combination in base.combinations {
                stages.append(
                    StageGraph.Stage(
                        base: base.spec, combination: combination, needs: needs, dependents: dependents[group],
                        isFinally: base.isFinally, group: group, templates: templates))
            }
        }
        return stages
    }

    func concurrencyGroup() throws(GraphProblem) -> Template? {
        guard let concurrency = spec.concurrency else { return nil }
        let path = FieldPath(.key("concurrency"), .key("group"))
        let group = try template(concurrency.group, at: path)
        for reference in group.references {
            switch reference {
            case .param(let name): try checkParam(name, at: path)
            case .run, .source(.url), .source(.ref), .source(.branch), .source(.tag), .source(.pullRequest): break
            case .result, .matrix, .source(.revision):
                throw GraphProblem("`$(\(reference))` isn't known before the run starts", at: path)
            }
        }
        return group
    }

    private func whenClauses(of base: Base) throws(GraphProblem) -> [StageGraph.When] {
        var clauses: [StageGraph.When] = []
        for (index, clause) in base.spec.when.enumerated() {
            let path = base.path.key("when").index(index)
            var values: [Template] = []
            for (position, value) in clause.values.enumerated() {
                values.append(try template(value, at: path.key("values").index(position)))
            }
            clauses.append(
                StageGraph.When(
                    input: try template(clause.input, at: path.key("input")), operator: clause.operator,
                    values: values))
        }
        return clauses
    }

    private func environment(of base: Base) throws(GraphProblem) -> [StageGraph.Setting] {
        var settings: [StageGraph.Setting] = []
        for (index, variable) in base.spec.env.enumerated() {
            let path = base.path.key("env").index(index)
            guard !variable.name.hasPrefix(Variables.prefix) else {
                throw GraphProblem(
                    "`\(variable.name)`: names that begin with \(Variables.prefix) are set by Martlet",
                    at: path.key("name"), hint: "choose another name")
            }
            settings.append(
                StageGraph.Setting(
                    name: variable.name, value: try template(variable.value, at: path.key("value"))))
        }
        return settings
    }

    private func template(_ text: String, at path: FieldPath) throws(GraphProblem) -> Template {
        switch Template.parse(text) {
        case .success(let template): return template
        case .failure(let error): throw GraphProblem(error.message, at: path, hint: error.hint)
        }
    }

    private func checkParam(_ name: String, at path: FieldPath) throws(GraphProblem) {
        guard !spec.params.contains(where: { $0.name == name }) else { return }
        let near = Suggestion.nearest(to: name, among: spec.params.map(\.name))
        throw GraphProblem(
            "the pipeline has no param `\(name)`", at: path, hint: near.map { "did you mean `\($0)`?" })
    }

    /// Whether every reference can have a value once the stage is ready.
    private func check(_ references: [Reference], of base: Base, group: Int) throws(GraphProblem) {
        var reached: [Bool]?
        for reference in references {
            switch reference {
            case .run, .source: break
            case .param(let name): try checkParam(name, at: base.path)
            case .matrix(let axis):
                let axes = base.spec.matrix?.axes.map(\.name) ?? []
                guard axes.contains(axis) else {
                    throw GraphProblem(
                        "`$(\(reference))`: stage `\(base.spec.name)` has no axis `\(axis)`", at: base.path,
                        hint: Suggestion.nearest(to: axis, among: axes).map { "did you mean `\($0)`?" })
                }
            case .result(let stage, _):
                let source = try producer(stage, reference: reference, at: base.path)
                let ancestors = reached ?? reach(from: group)
                reached = ancestors
                guard ancestors[source] || (base.isFinally && !bases[source].isFinally) else {
                    throw GraphProblem(
                        "`$(\(reference))`: stage `\(base.spec.name)` doesn't need `\(stage)`, so its results may not be there",
                        at: base.path, hint: "add `\(bases[source].spec.name)` to its `needs`")
                }
            }
        }
    }

    /// The stage of the spec that a reference to a result means.
    private func producer(_ id: String, reference: Reference, at path: FieldPath) throws(GraphProblem) -> Int {
        for (index, base) in bases.enumerated() {
            if base.spec.name == id {
                guard base.spec.matrix == nil else {
                    throw GraphProblem(
                        "`$(\(reference))`: `\(id)` has a matrix, so it has results for each combination", at: path,
                        hint: "name one: $(stages.\(id).0.results.…)")
                }
                return index
            }
            if base.spec.matrix != nil, id.hasPrefix(base.spec.name + "."),
                let number = Int(id.dropFirst(base.spec.name.count + 1)), base.combinations.indices.contains(number)
            {
                return index
            }
        }
        let near = Suggestion.nearest(to: id, among: bases.map(\.spec.name))
        throw GraphProblem(
            "`$(\(reference))`: there is no stage `\(id)`", at: path, hint: near.map { "did you mean `\($0)`?" })
    }

    private func reach(from group: Int) -> [Bool] {
        var reached = [Bool](repeating: false, count: bases.count)
        var open = [group]
        while let next = open.popLast() {
            for need in bases[next].needs where !reached[need] {
                reached[need] = true
                open.append(need)
            }
        }
        return reached
    }
}

extension Array {
    /// A map whose typed error comes through.
    fileprivate func mapThrowing<Value>(
        _ transform: (Element) throws(GraphProblem) -> Value
    ) throws(GraphProblem) -> [Value] {
        var values: [Value] = []
        for element in self { values.append(try transform(element)) }
        return values
    }
}
