package import Model
internal import Planning

extension Description {
    package init(_ run: PipelineRun, now: Timestamp, width: Int?) {
        self.init(now: now, width: width)
        let view = RunView(run)
        let phase = RunPhase(run)
        field("Name", Line(run.metadata.name, .bold))
        field("Namespace", run.metadata.namespace)
        field("Pipeline", run.spec.pipelineRef?.name ?? "(inline)")
        var state = Line(phase.word, phase.ink)
        if !phase.reason.isEmpty { state.append(" (\(phase.reason))", .dim) }
        field("Status", state)
        field("Message", phase.message)
        field("Progress", view.progress)
        time("Created", run.metadata.creationTimestamp)
        time("Started", run.status.startTime)
        time("Ended", run.status.completionTime)
        field("Duration", view.elapsed(now: now))
        field("UID", run.metadata.uid)
        source(run)
        origin(run)
        asked(run.spec)
        conditions(run.status.conditions)
        section("Stages", stages(view))
        section("Results", results(view))
        section("Notifications", notifications(run.status.notifications))
    }

    private mutating func source(_ run: PipelineRun) {
        let source = run.status.source
        let asked = run.spec.source
        field("Source", source?.url ?? asked?.url ?? (run.status.pipelineSpec ?? run.spec.pipelineSpec)?.source?.url)
        field("Revision", source?.revision ?? asked?.revision)
        field("Ref", source?.ref ?? asked?.ref)
        field("Pull request", asked?.pullRequest.map { "#\($0)" })
        guard run.isOfFork else { return }
        let waits = run.spec.desiredState == .paused && run.isHeldFork
        let revision = asked?.revision ?? "COMMIT"
        field(
            "Trust",
            "Fork: no secrets, and only agents for forks"
                + (waits ? "; waits for the comment `/ok-to-test \(revision)` on the pull request" : ""))
    }

    /// What made it, where no person did.
    private mutating func origin(_ run: PipelineRun) {
        field("Trigger", run.metadata.labels[RunLabels.trigger])
        field("Sender", run.metadata.annotations[RunLabels.sender])
        field("Title", run.metadata.annotations[RunLabels.title])
    }

    private func notifications(_ records: [NotificationRecord]) -> [Line] {
        if records.isEmpty { return [] }
        var table = Table(
            [
                Table.Column("TARGET"), Table.Column("TOLD", overflow: .wrap(4), minimum: 12),
                Table.Column("AGE", .right), Table.Column("REFERENCE", overflow: .cut, minimum: 12),
            ], indent: 2)
        for record in records {
            table.rows.append([
                Line(record.target), Line(record.event), Line(TimeText.age(of: record.time, now: now)),
                Line(record.reference ?? "", .dim),
            ])
        }
        return table.lines(width: width)
    }

    private mutating func asked(_ spec: PipelineRunSpec) {
        fields("Params", spec.params.map { "\($0.name)=\($0.value)" })
        if spec.priority != 0 { field("Priority", "\(spec.priority)") }
        if spec.desiredState != .running { field("Desired state", spec.desiredState.rawValue) }
        if spec.rerunCount > 0 { field("Reruns", "\(spec.rerunCount)") }
        fields(
            "Approvals",
            spec.approvals.map { "\($0.stage): \($0.decision.rawValue)" + ($0.rerun > 0 ? " (rerun \($0.rerun))" : "") }
        )
    }

    private func stages(_ view: RunView) -> [Line] {
        view.stages.isEmpty
            ? [] : StageTable(view.stages.map(\.withReason), now: now, withAgents: true).lines(width: width)
    }

    private func results(_ view: RunView) -> [Line] {
        view.stages.flatMap { stage in
            stage.status.results.map { Line("  \(stage.id).\($0.name) = ", .dim) + Line($0.value) }
        }
    }
}

extension StageView {
    /// With the reason before the message, where the state alone doesn't say it; results have a place of their own.
    fileprivate var withReason: StageView {
        var copy = self
        copy.status.results = []
        let reason = status.reason ?? ""
        let isPlain = [Reason.succeeded, Reason.running, Reason.failure, Reason.assigned, ""].contains(reason)
        guard !isPlain, status.state != .pending else { return copy }
        copy.status.message = [reason, status.message ?? ""].filter { !$0.isEmpty }.joined(separator: ": ")
        return copy
    }
}
