extension PipelineCheck {
    /// References in `with`, `env` and `when`: each has to be known, and to have a value by the time the stage starts.
    mutating func checkReferences(of place: Place) {
        for entry in place.stage.with.entries {
            checkTemplate(entry.value, place, place.path.key("with").key(entry.key))
        }
        for (number, variable) in place.stage.env.enumerated() {
            checkTemplate(variable.value, place, place.path.key("env").index(number).key("value"))
        }
        for (number, clause) in place.stage.when.enumerated() {
            let path = place.path.key("when").index(number)
            checkTemplate(clause.input, place, path.key("input"))
            for (entry, value) in clause.values.enumerated() {
                checkTemplate(value, place, path.key("values").index(entry))
            }
        }
    }

    mutating func template(_ text: String, _ path: FieldPath) -> Template? {
        switch Template.parse(text) {
        case .success(let template): return template
        case .failure(let error):
            report(error.message, path, hint: error.hint)
            return nil
        }
    }

    /// A text in which references are not replaced: one that is written there can't be meant.
    mutating func literal(_ text: String?, _ path: FieldPath) {
        guard let text, let found = ScriptReference.first(in: text) else { return }
        report(
            "`$(\(found.text))` is not replaced here", path,
            hint: "references are replaced in `with`, `env`, `when` and `concurrency.group`")
    }

    /// Values reach a script as variables only, so that none can become shell code.
    mutating func checkScript(_ place: Place) {
        guard let script = place.stage.run else { return }
        var told: [String] = []
        for found in ScriptReference.all(in: script) where !told.contains(found.text) {
            told.append(found.text)
            let path = place.path.key("run")
            let line = script.utf8.contains(UInt8(ascii: "\n")) ? " (line \(found.line) of the script)" : ""
            var problem: Problem
            switch Reference.parse(found.text) {
            case .success(let reference):
                problem = Problem(
                    "`$(\(found.text.shown()))`\(line) is not replaced inside a script", at: path,
                    hint: "use the variable: \"$\(reference.environmentVariable)\"")
            case .failure(let error):
                problem = Problem(
                    "\(error.message)\(line), and none is replaced inside a script", at: path, hint: error.hint)
            }
            problem.within = Problem.Within(line: found.line, text: "$(\(found.text))")
            problems.append(problem)
        }
    }

    private mutating func checkTemplate(_ text: String, _ place: Place, _ path: FieldPath) {
        guard let template = template(text, path) else { return }
        var told: [Reference] = []
        for reference in template.references where !told.contains(reference) {
            told.append(reference)
            switch reference {
            case .param(let name): checkParam(name, path)
            case .matrix(let axis): checkAxis(axis, place, path)
            case .result(let stage, let name): checkResult(name, of: stage, place, path)
            case .run, .source: break
            }
        }
    }

    mutating func checkParam(_ name: String, _ path: FieldPath) {
        let names = spec.params.map(\.name)
        guard !names.contains(name) else { return }
        let near = Suggestion.nearest(to: name, among: names).map { "did you mean `$(params.\($0))`?" }
        report("there is no parameter `\(name.shown())`", path, hint: near ?? "declare it in `params`")
    }

    private mutating func checkAxis(_ axis: String, _ place: Place, _ path: FieldPath) {
        guard let matrix = place.stage.matrix else {
            return report("`$(matrix.\(axis.shown()))` in a stage without `matrix`", path)
        }
        let names = matrix.axes.map(\.name)
        guard !names.contains(axis) else { return }
        let near = Suggestion.nearest(to: axis, among: names)
        report(
            "there is no axis `\(axis.shown())`", path,
            hint: near.map { "did you mean `$(matrix.\($0))`?" } ?? "known here: \(names.joined(separator: ", "))")
    }

    private mutating func checkResult(_ name: String, of id: String, _ place: Place, _ path: FieldPath) {
        if let complaint = TextRule.word.complaint(about: name) {
            return report("a result's name \(complaint)", path)
        }
        // `test.3` is a combination of `test`.
        let parts = id.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let stageName = parts[0]
        guard let target = index[stageName] else {
            let near = Suggestion.nearest(to: stageName, among: places.map(\.stage.name))
            return report(
                "there is no stage `\(stageName.shown())`", path,
                hint: near.map { "did you mean `$(stages.\($0).results.\(name))`?" })
        }
        if places[target].isFinal, !place.isFinal {
            return report("`\(stageName)` is a stage of `finally`, which runs last", path)
        }
        guard places[target].stage.approval == nil else {
            return report("`\(stageName)` is an approval, which has no results", path)
        }
        if let own = index[place.stage.name], place.isFinal == places[target].isFinal {
            if own == target { return report("a stage can't use its own results", path) }
            guard reaches(target, from: own) else {
                return report(
                    "`\(place.stage.name)` does not need `\(stageName)`, so it may start before there are results",
                    path, hint: "add `\(stageName)` to its `needs`")
            }
        }
        checkCombination(parts.count == 2 ? parts[1] : nil, of: places[target].stage, name, path)
    }

    /// A result of a matrix is one of its combinations'.
    private mutating func checkCombination(
        _ number: String?, of stage: StageSpec, _ name: String, _ path: FieldPath
    ) {
        guard let matrix = stage.matrix else {
            if let number {
                report("`\(stage.name)` has no matrix, so there is no `\(stage.name).\(number.shown(20))`", path)
            }
            return
        }
        guard let number else {
            return report(
                "`\(stage.name)` has a matrix: each combination has results of its own", path,
                hint: "name one: $(stages.\(stage.name).0.results.\(name))")
        }
        guard let combinations = matrix.combinations(), !combinations.isEmpty else { return }
        guard let place = Int(number), String(place) == number, combinations.indices.contains(place) else {
            return report(
                "there is no `\(stage.name).\(number.shown(20))`", path,
                hint: "its combinations are \(stage.name).0 to \(stage.name).\(combinations.count - 1)")
        }
    }
}
