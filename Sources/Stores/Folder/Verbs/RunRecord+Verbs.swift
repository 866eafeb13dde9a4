internal import GRDB
internal import Model

/// What each command means for a run. Asking for what is already so is no error.
extension RunRecord {
    mutating func cancel() throws {
        try requireActive("cancel")
        var verbs = verbs
        verbs.desiredState = .cancelled
        want(verbs)
    }

    mutating func pause() throws {
        try requireActive("pause")
        try requireNotCancelled()
        var verbs = verbs
        verbs.desiredState = .paused
        want(verbs)
    }

    mutating func resume() throws {
        try requireActive("resume")
        try requireNotCancelled()
        var verbs = verbs
        verbs.desiredState = .running
        want(verbs)
    }

    /// Runs failed, cancelled and skipped stages again; a cancelled run becomes one that runs.
    mutating func rerun() throws {
        let ended = status.stages.filter { [.failed, .cancelled, .skipped].contains($0.state) }
        guard verbs.rerunCount < 1000 else {
            throw VerbError(.invalid, "`\(name)` has been run again 1000 times", hint: "make a new run")
        }
        guard completed != nil || !ended.isEmpty else {
            throw VerbError(
                .nothingToRerun, "`\(name)` has no failed, cancelled or skipped stage to run again",
                hint: "it is still active")
        }
        guard status.succeeded?.status != .true || !ended.isEmpty else {
            throw VerbError(
                .nothingToRerun, "every stage of `\(name)` succeeded, so that there is nothing to run again",
                hint: "make a new run")
        }
        var verbs = verbs
        verbs.rerunCount += 1
        if verbs.desiredState == .cancelled { verbs.desiredState = .running }
        want(verbs)
    }

    /// Decides an approval for the present rerun.
    ///
    /// - Parameter pipeline: What `pipelineRef` names now, for a run that hasn't started.
    mutating func approve(
        _ stage: String, _ decision: ApprovalDecision.Decision, pipeline: PipelineSpec?
    ) throws {
        try requireActive("decide about")
        try requireNotCancelled()
        if let spec = status.pipelineSpec ?? spec.pipelineSpec ?? pipeline { try Self.require(stage, in: spec) }
        let earlier = self.verbs.approvals.first { $0.stage == stage && $0.rerun == self.verbs.rerunCount }
        if let earlier, earlier.decision != decision {
            throw VerbError(
                .decided, "`\(stage)` of `\(name)` was \(earlier.decision.rawValue.lowercased()) before",
                hint: "a decision can't be taken back; a rerun asks anew")
        }
        var verbs = verbs
        verbs.decide(ApprovalDecision(stage: stage, rerun: verbs.rerunCount, decision: decision))
        want(verbs)
    }

    private static func require(_ stage: String, in pipeline: PipelineSpec) throws {
        let stages = pipeline.stages + pipeline.finally
        let approvals = stages.filter { $0.approval != nil }.map(\.name)
        guard !approvals.contains(stage) else { return }
        let isStage = stages.contains { $0.name == stage }
        let near = Suggestion.nearest(to: stage, among: approvals).map { "did you mean `\($0)`?" }
        let all = approvals.isEmpty ? "it has no approvals" : "its approvals are \(approvals.joined(separator: ", "))"
        throw VerbError(
            .unknownStage,
            isStage ? "the stage `\(stage)` is no approval" : "there is no stage `\(stage.shown())`", hint: near ?? all)
    }

    private func requireActive(_ verb: String) throws {
        guard hasEnded else { return }
        let outcome = status.succeeded.map { $0.reason.isEmpty ? "" : ": \($0.reason)" } ?? ""
        throw VerbError(
            .finished, "cannot \(verb) `\(name)`: it has ended\(outcome)",
            hint: status.succeeded?.status == .true ? nil : "`martlet rerun` runs failed stages again")
    }

    private func requireNotCancelled() throws {
        guard verbs.desiredState == .cancelled else { return }
        throw VerbError(
            .cancelled, "`\(name)` is being cancelled", hint: "once it has ended, `martlet rerun` runs it again")
    }
}
