import Model

/// The environment variables that Martlet gives to every stage, so that a script needs no references.
enum Variables {
    static let prefix = "MARTLET_"

    /// The variables of one stage, in a fixed order, each name once.
    static func all(of place: Int, in values: ReferenceValues) -> [EnvironmentVariable] {
        var variables = List()
        let run = values.run
        let stage = values.graph.stages[place]
        variables.add("RUN", run.metadata.name)
        variables.add("RUN_UID", run.uid)
        variables.add("PIPELINE", ReferenceValues.pipelineName(of: run))
        variables.add("STAGE", stage.id)
        if let source = values.status.source {
            variables.add("REVISION", source.revision)
            variables.add("REF", values.value(of: .ref))
            variables.add("BRANCH", values.value(of: .branch))
            variables.add("TAG", values.value(of: .tag))
            variables.add("PULL_REQUEST", values.value(of: .pullRequest))
        }
        for param in values.graph.spec.params {
            variables.add("PARAM_\(word(param.name))", values.param(param.name), evenEmpty: true)
        }
        for entry in stage.matrix.entries {
            variables.add("MATRIX_\(word(entry.key))", entry.value, evenEmpty: true)
        }
        for ancestor in values.graph.ancestors(of: place) where values.status.stages.indices.contains(ancestor) {
            let name = word(values.graph.stages[ancestor].id)
            for result in values.status.stages[ancestor].results {
                variables.add("RESULT_\(name)_\(word(result.name))", result.value, evenEmpty: true)
            }
        }
        return variables.items
    }

    /// A name as part of a variable's: upper case, with `_` for all that isn't a letter or a digit.
    static func word(_ name: String) -> String {
        String(
            decoding: name.utf8.map { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"): byte - 32
                case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): byte
                default: UInt8(ascii: "_")
                }
            }, as: UTF8.self)
    }

    private struct List {
        var items: [EnvironmentVariable] = []
        // Looked up, never iterated. `a-b` and `a_b` make the same variable: the first one stays.
        private var names: Set<String> = []

        mutating func add(_ name: String, _ value: String?, evenEmpty: Bool = false) {
            guard let value, evenEmpty || !value.isEmpty, names.insert(name).inserted else { return }
            items.append(EnvironmentVariable(name: Variables.prefix + name, value: value))
        }
    }
}
