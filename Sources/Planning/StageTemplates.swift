import Model

extension StageGraph {
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

    /// All that may hold references in one stage of the spec, read once.
    struct Templates: Sendable {
        var when: [When] = []
        var with: [Setting] = []
        var env: [Setting] = []
        /// Whether `with` or `env` refer to anything.
        var hasReferences: Bool
        /// Whether `when` looks at the commit, so that it can't be judged before the commit is known.
        var whenNeedsSource: Bool

        init(_ stage: StageSpec) throws(GraphProblem) {
            for clause in stage.when {
                var values: [Template] = []
                for value in clause.values { values.append(try read(value, "when", of: stage)) }
                when.append(
                    When(input: try read(clause.input, "when", of: stage), operator: clause.operator, values: values))
            }
            for entry in stage.with.entries {
                with.append(Setting(name: entry.key, value: try read(entry.value, "with", of: stage)))
            }
            for variable in stage.env {
                env.append(Setting(name: variable.name, value: try read(variable.value, "env", of: stage)))
            }
            hasReferences = (with + env).contains { !$0.value.references.isEmpty }
            whenNeedsSource = when.contains { clause in
                ([clause.input] + clause.values).contains { template in
                    template.references.contains(.source(.revision)) || template.references.contains(.source(.ref))
                        || template.references.contains(.source(.branch))
                        || template.references.contains(.source(.tag)) || template.references.contains(.source(.url))
                }
            }
        }
    }
}

private func read(_ text: String, _ field: String, of stage: StageSpec) throws(GraphProblem) -> Template {
    switch Template.parse(text) {
    case .success(let template): return template
    case .failure(let error):
        throw GraphProblem(
            "stage `\(stage.name)`, \(field): \(error.message)", at: FieldPath(.key("stages")), hint: error.hint)
    }
}
