extension PipelineCheck {
    /// The kinds that would take a topic that has another use.
    private static let reservedKinds = ["results", "presence", "logs", "dead"]
    /// Martlet's own variables begin with it.
    private static let ownPrefix = "MARTLET_"

    mutating func checkStage(_ place: Place) {
        let stage = place.stage
        let path = place.path
        if stage.approval != nil {
            checkApproval(place)
            return
        }
        if let agent = stage.agent, Self.reservedKinds.contains(agent) {
            report("no agent can be of the kind `\(agent)`: its topic has another use", path.key("agent"))
        }
        if stage.run == nil, stage.agentKind == StageSpec.shellKind {
            let near = Suggestion.nearest(to: stage.name, among: StageSpec.namedKinds)
            report(
                "`run` is missing: shell agents only run scripts", path,
                hint: near.flatMap { stage.agent == nil ? "did you mean `name: \($0)`?" : nil }
                    ?? "add `run:`, or say with `agent:` which of \(StageSpec.namedKinds.joined(separator: ", ")) it is"
            )
        }
        checkVariables(place)
        checkScript(place)
        if let retry = stage.retry { checkRetry(retry, path.key("retry")) }
        if let matrix = stage.matrix { checkMatrix(matrix, path.key("matrix")) }
        for (number, clause) in stage.when.enumerated() { checkClause(clause, path.key("when").index(number)) }
    }

    /// A stage that waits for a person has nothing that an agent would need.
    private mutating func checkApproval(_ place: Place) {
        let stage = place.stage
        let given: [(String, Bool)] = [
            ("run", stage.run != nil), ("agent", stage.agent != nil), ("agentSelector", !stage.agentSelector.isEmpty),
            ("with", !stage.with.isEmpty), ("env", !stage.env.isEmpty), ("secrets", !stage.secrets.isEmpty),
            ("retry", stage.retry != nil), ("matrix", stage.matrix != nil), ("priority", stage.priority != 0),
        ]
        for (field, isGiven) in given where isGiven {
            report(
                "an approval has no `\(field)`: no agent has a part in it", place.path.key(field),
                hint: "put it into a stage that needs `\(stage.name)`")
        }
        if place.isFinal {
            report(
                "an approval can't be a stage of `finally`: a cancelled run would wait for a person",
                place.path.key("approval"))
        }
        literal(stage.approval?.message, place.path.key("approval").key("message"))
        for (number, clause) in stage.when.enumerated() { checkClause(clause, place.path.key("when").index(number)) }
    }

    private mutating func checkClause(_ clause: WhenClause, _ path: FieldPath) {
        if clause.values.isEmpty { report("must have at least one item", path.key("values")) }
    }

    /// Every variable of a stage has one source, and none is one of Martlet's own.
    private mutating func checkVariables(_ place: Place) {
        var names: [String] = []
        func complaint(_ name: String) -> String? {
            if name.hasPrefix(Self.ownPrefix) { return "variables that begin with \(Self.ownPrefix) are Martlet's own" }
            if names.contains(name) { return "another variable of this stage is also named `\(name)`" }
            names.append(name)
            return nil
        }
        for (number, variable) in place.stage.env.enumerated() {
            if let complaint = complaint(variable.name) {
                report(complaint, place.path.key("env").index(number).key("name"))
            }
        }
        for (number, secret) in place.stage.secrets.enumerated() {
            let path = place.path.key("secrets").index(number)
            if (secret.env == nil) == (secret.file == nil) {
                report(
                    secret.env == nil ? "says neither `env` nor `file`" : "says both `env` and `file`", path,
                    hint: "exactly one of them names the variable that gets the value, or the path of a file with it")
            }
            for (field, name) in [("env", secret.env), ("file", secret.file)] {
                if let name, let complaint = complaint(name) { report(complaint, path.key(field)) }
            }
        }
    }

    private mutating func checkRetry(_ retry: Retry, _ path: FieldPath) {
        if retry.maxBackoffSeconds < retry.backoffSeconds {
            report(
                "the first wait (\(retry.backoffSeconds) s) is longer than the longest (\(retry.maxBackoffSeconds) s)",
                path.key("backoffSeconds"), hint: "raise `maxBackoffSeconds`")
        }
        if retry.limit > 0, retry.reasons.isEmpty {
            report("has no item, so that nothing is ever tried again", path.key("reasons"))
        }
    }

    private mutating func checkMatrix(_ matrix: Matrix, _ path: FieldPath) {
        let before = problems.count
        var variables: [String: String] = [:]
        for (number, axis) in matrix.axes.enumerated() {
            let place = path.key("axes").index(number)
            let variable = Reference.matrix(axis.name).environmentVariable
            if let other = variables[variable] {
                report(
                    other == axis.name
                        ? "another axis is also named `\(axis.name)`"
                        : "`\(axis.name)` and `\(other)` would share the variable \(variable)",
                    place.key("name"), hint: "rename one of them")
            }
            variables[variable] = axis.name
            if axis.values.isEmpty { report("must have at least one item", place.key("values")) }
            var seen: Set<String> = []
            for (entry, value) in axis.values.enumerated() {
                if !seen.insert(value).inserted {
                    report("`\(value.shown())` is listed twice", place.key("values").index(entry))
                }
                literal(value, place.key("values").index(entry))
            }
        }
        for (number, entry) in matrix.exclude.enumerated() {
            checkExclusion(entry, of: matrix, path.key("exclude").index(number))
        }
        if problems.count == before, matrix.combinations()?.isEmpty == true {
            report("leaves no combination", path.key("exclude"))
        }
    }

    private mutating func checkExclusion(_ entry: StringMap, of matrix: Matrix, _ path: FieldPath) {
        if entry.isEmpty { report("is empty, and would leave out everything", path) }
        for pair in entry.entries {
            if let axis = matrix.axes.first(where: { $0.name == pair.key }) {
                guard !axis.values.contains(pair.value) else { continue }
                let near = Suggestion.nearest(to: pair.value, among: axis.values)
                report(
                    "the axis `\(axis.name)` has no value `\(pair.value.shown())`", path.key(pair.key),
                    hint: near.map { "did you mean `\($0)`?" })
            } else {
                let near = Suggestion.nearest(to: pair.key, among: matrix.axes.map(\.name))
                report(
                    "there is no axis `\(pair.key.shown())`", path.key(pair.key),
                    hint: near.map { "did you mean `\($0)`?" })
            }
        }
    }
}
