extension PipelineSpec {
    /// The most stages a pipeline may have once every matrix is expanded.
    package static let stageLimit = 256
    /// The largest size of a spec as JSON, in bytes.
    package static let sizeLimit = 65_536

    /// All that is wrong with a spec beyond the types and bounds of its fields; the marks are left to the caller, who
    /// has the document.
    ///
    /// - Parameter path: Where the spec is in its document.
    package func problems(at path: FieldPath = FieldPath(.key("spec"))) -> [Problem] {
        var check = PipelineCheck(self, at: path)
        check.run()
        return check.problems
    }
}

/// One look over a pipeline for what its fields' types can't say.
struct PipelineCheck {
    let spec: PipelineSpec
    let path: FieldPath
    var problems: [Problem] = []

    /// A stage and the list it is in.
    struct Place {
        var stage: StageSpec
        var path: FieldPath
        var isFinal: Bool
    }

    /// Stages, then those of `finally`.
    let places: [Place]
    /// The first place of each name.
    let index: [String: Int]
    /// For each stage, the places of those that it needs.
    var needs: [[Int]] = []

    init(_ spec: PipelineSpec, at path: FieldPath) {
        self.spec = spec
        self.path = path
        let stages = path.key("stages")
        let finally = path.key("finally")
        let places =
            spec.stages.enumerated().map { Place(stage: $1, path: stages.index($0), isFinal: false) }
            + spec.finally.enumerated().map { Place(stage: $1, path: finally.index($0), isFinal: true) }
        self.places = places
        index = Dictionary(places.indices.map { (places[$0].stage.name, $0) }, uniquingKeysWith: { first, _ in first })
    }

    mutating func report(_ message: String, _ path: FieldPath, hint: String? = nil) {
        problems.append(Problem(message, at: path, hint: hint))
    }

    mutating func run() {
        checkSource()
        checkParams()
        checkNames()
        checkNeeds()
        for place in places { checkStage(place) }
        for place in places { checkReferences(of: place) }
        for (number, trigger) in spec.triggers.enumerated() {
            checkTrigger(trigger, path.key("triggers").index(number))
        }
        checkConcurrency()
        checkSlack()
        checkSize()
    }

    private mutating func checkSource() {
        guard let source = spec.source else { return }
        let place = path.key("source").key("url")
        if let complaint = RepositoryURL.complaint(about: source.url) {
            report(complaint.message, place, hint: complaint.hint)
        }
    }

    private mutating func checkParams() {
        // Scripts get parameters as variables, and `a-b`, `a_b` and `A_B` would be the same one.
        var variables: [String: String] = [:]
        for (number, param) in spec.params.enumerated() {
            let place = path.key("params").index(number).key("name")
            let variable = Reference.param(param.name).environmentVariable
            if let other = variables[variable] {
                report(
                    other == param.name
                        ? "another parameter is also named `\(param.name)`"
                        : "`\(param.name)` and `\(other)` would share the variable \(variable)",
                    place, hint: "rename one of them")
            }
            variables[variable] = param.name
            literal(param.default, path.key("params").index(number).key("default"))
        }
    }

    // A combination's id (`test.3`) has a dot, which a stage's name can't have: the two never clash.
    private mutating func checkNames() {
        for (number, place) in places.enumerated() {
            guard let first = index[place.stage.name], first != number else { continue }
            report(
                "another stage is also named `\(place.stage.name)`", place.path.key("name"),
                hint: places[first].isFinal == place.isFinal
                    ? "rename one of them" : "`stages` and `finally` share names")
        }
    }

    private mutating func checkConcurrency() {
        guard let concurrency = spec.concurrency else { return }
        let place = path.key("concurrency").key("group")
        guard let template = template(concurrency.group, place) else { return }
        for reference in template.references {
            switch reference {
            case .param(let name): checkParam(name, place)
            case .run, .source(.url), .source(.ref), .source(.branch), .source(.tag), .source(.pullRequest): break
            // Runs are grouped before a commit is looked up.
            case .result, .matrix, .source(.revision):
                report(
                    "`$(\(reference))` is not known when runs are grouped", place,
                    hint: "use params, source.branch, run.pipeline and their like")
            }
        }
    }

    private mutating func checkSlack() {
        guard let slack = spec.notifications?.slack, slack.events.isEmpty else { return }
        report(
            "`slack` names no events", path.key("notifications").key("slack"),
            hint: "add `events: [Failed, Recovered]`")
    }

    private mutating func checkSize() {
        if let count = stageCount() {
            if count > PipelineSpec.stageLimit {
                report(
                    "makes \(count) stages with every matrix expanded; at most \(PipelineSpec.stageLimit) are allowed",
                    path.key("stages"))
            }
        } else {
            report(
                "makes far more stages with every matrix expanded than the \(PipelineSpec.stageLimit) allowed",
                path.key("stages"))
        }
        let size = FieldWriter.bytes(spec).count
        if size > PipelineSpec.sizeLimit {
            report("is \(size) bytes as JSON; at most \(PipelineSpec.sizeLimit) are allowed", path)
        }
    }

    /// Nil when a matrix is too large to be counted.
    private func stageCount() -> Int? {
        var count = 0
        for place in places {
            guard let matrix = place.stage.matrix else {
                count += 1
                continue
            }
            guard let combinations = matrix.combinations() else { return nil }
            count += combinations.count
        }
        return count
    }
}
