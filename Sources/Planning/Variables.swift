import Model

/// The environment variables that Martlet gives to every stage, so that a script needs no references.
enum Variables {
    /// The variables of one stage, in a fixed order, each name once.
    static func all(of place: Int, in values: ReferenceValues) -> [EnvironmentVariable] {
        var variables = List()
        let graph = values.graph
        let stage = graph.stages[place]
        variables.add("MARTLET_STAGE", stage.id)
        for field in Reference.RunField.allCases { variables.add(.run(field), place, values) }
        if values.status.source != nil {
            for field in Reference.SourceField.allCases { variables.add(.source(field), place, values) }
        }
        for param in graph.spec.params { variables.add(.param(param.name), place, values, evenEmpty: true) }
        for entry in stage.matrix.entries { variables.add(.matrix(entry.key), place, values, evenEmpty: true) }
        for ancestor in graph.ancestors(of: place) where values.status.stages.indices.contains(ancestor) {
            let id = graph.stages[ancestor].id
            for result in values.status.stages[ancestor].results {
                let reference = Reference.result(stage: id, name: result.name)
                variables.add(reference.environmentVariable, result.value)
            }
        }
        return variables.items
    }

    private struct List {
        var items: [EnvironmentVariable] = []
        // Looked up, never iterated. `a-b` and `a_b` make the same variable: the first one stays.
        private var names: Set<String> = []

        mutating func add(_ name: String, _ value: String) {
            guard names.insert(name).inserted else { return }
            items.append(EnvironmentVariable(name: name, value: value))
        }

        mutating func add(_ reference: Reference, _ place: Int, _ values: ReferenceValues, evenEmpty: Bool = false) {
            guard let value = values.value(of: reference, at: place), evenEmpty || !value.isEmpty else { return }
            add(reference.environmentVariable, value)
        }
    }
}
