extension PipelineRunSpec {
    /// All that is wrong with a run's spec beyond the types and bounds of its fields; marks are left to the caller.
    ///
    /// - Parameters:
    ///   - path: Where the spec is in its document.
    ///   - pipeline: What `pipelineRef` names, where it is known; it is taken to be valid itself. Without it what
    ///     depends on the pipeline (parameters, approvals) is not looked at.
    package func problems(
        at path: FieldPath = FieldPath(.key("spec")), pipeline referenced: PipelineSpec? = nil
    ) -> [Problem] {
        var problems = ownProblems(at: path)
        if let pipelineSpec {
            problems += pipelineSpec.problems(at: path.key("pipelineSpec"))
            problems += pipelineSpec.fieldsWithoutEffect(at: path.key("pipelineSpec"))
        }
        let size = FieldWriter.bytes(self).count
        if size > PipelineSpec.sizeLimit {
            problems.append(
                Problem("is \(size) bytes as JSON; at most \(PipelineSpec.sizeLimit) are allowed", at: path))
        }
        if let pipeline = pipelineSpec ?? (pipelineRef == nil ? nil : referenced) {
            problems += self.problems(at: path, with: pipeline)
        }
        return problems
    }

    /// What is wrong with what a run says itself, whatever its pipeline.
    package func ownProblems(at path: FieldPath = FieldPath(.key("spec"))) -> [Problem] {
        var problems: [Problem] = []
        func report(_ message: String, _ path: FieldPath, hint: String? = nil) {
            problems.append(Problem(message, at: path, hint: hint))
        }
        switch (pipelineRef, pipelineSpec) {
        case (nil, nil):
            report("says neither `pipelineRef` nor `pipelineSpec`", path, hint: "add `pipelineRef:` with a `name:`")
        case (.some, .some):
            report("says both `pipelineRef` and `pipelineSpec`", path, hint: "remove one of them")
        default: break
        }
        if let source { problems += source.problems(at: path.key("source")) }
        for (number, param) in params.enumerated() where params[..<number].contains(where: { $0.name == param.name }) {
            report("the parameter `\(param.name)` is given twice", path.key("params").index(number).key("name"))
        }
        for (number, approval) in approvals.enumerated()
        where approvals[..<number].contains(where: { $0.stage == approval.stage && $0.rerun == approval.rerun }) {
            report(
                "`\(approval.stage)` is decided twice for rerun \(approval.rerun)",
                path.key("approvals").index(number))
        }
        return problems
    }

    /// What doesn't fit between a run and its pipeline.
    private func problems(at path: FieldPath, with pipeline: PipelineSpec) -> [Problem] {
        var problems: [Problem] = []
        let names = pipeline.params.map(\.name)
        for (number, param) in params.enumerated() where !names.contains(param.name) {
            let near = Suggestion.nearest(to: param.name, among: names)
            problems.append(
                Problem(
                    "the pipeline has no parameter `\(param.name.shown())`",
                    at: path.key("params").index(number).key("name"), hint: near.map { "did you mean `\($0)`?" }))
        }
        for param in pipeline.params where param.default == nil && !params.contains(where: { $0.name == param.name }) {
            problems.append(
                Problem(
                    "the parameter `\(param.name)` is missing, and the pipeline has no default for it",
                    at: path.key("params"), hint: "add `- {name: \(param.name), value: …}`"))
        }
        for (number, approval) in approvals.enumerated() {
            let place = path.key("approvals").index(number).key("stage")
            let known = pipeline.stages.filter { $0.approval != nil }.map(\.name)
            guard !known.contains(approval.stage) else { continue }
            let near = Suggestion.nearest(to: approval.stage, among: known)
            let exists = (pipeline.stages + pipeline.finally).contains { $0.name == approval.stage }
            problems.append(
                Problem(
                    exists
                        ? "the stage `\(approval.stage)` is no approval"
                        : "there is no stage `\(approval.stage.shown())`",
                    at: place, hint: near.map { "did you mean `\($0)`?" }))
        }
        return problems
    }
}

extension PipelineSpec {
    /// What counts runs or makes them, in a pipeline that only ever has one.
    fileprivate func fieldsWithoutEffect(at path: FieldPath) -> [Problem] {
        let given = [
            ("successfulRunsHistoryLimit", successfulRunsHistoryLimit != nil),
            ("failedRunsHistoryLimit", failedRunsHistoryLimit != nil),
        ]
        let limits = given.filter(\.1).map { field, _ in
            Problem(
                "has no effect: an inline pipeline has one run only", at: path.key(field),
                hint: "`ttlSecondsAfterFinished` says how long that is kept", severity: .note)
        }
        if triggers.isEmpty { return limits }
        return limits + [
            Problem(
                "has no effect: an inline pipeline has one run only", at: path.key("triggers"),
                hint: "make it a Pipeline of its own", severity: .note)
        ]
    }
}

extension RunSource {
    fileprivate func problems(at path: FieldPath) -> [Problem] {
        var problems: [Problem] = []
        if let url, let complaint = RepositoryURL.complaint(about: url) {
            problems.append(Problem(complaint.message, at: path.key("url"), hint: complaint.hint))
        }
        for (field, text) in [("revision", revision), ("ref", ref)] {
            guard let text else { continue }
            if text.hasPrefix("-") {
                problems.append(
                    Problem(
                        "must not begin with `-`", at: path.key(field), hint: "git would take it for an option"))
            }
            if text.unicodeScalars.contains(where: { $0.value < 0x21 || $0.value == 0x7F }) {
                problems.append(Problem("must not hold spaces or control characters", at: path.key(field)))
            }
        }
        if let ref, !ref.hasPrefix("refs/"), !ref.hasPrefix("-") {
            problems.append(
                Problem(
                    "`\(ref.shown())` is no full ref", at: path.key("ref"),
                    hint: "write refs/heads/\(ref.shown()), or give it as `revision`"))
        }
        return problems
    }
}
