package import Model

/// What has changed about a run, in lines for a file or a terminal that can't move its cursor.
///
///     greeter-x7k2a  test       Running
///     greeter-x7k2a  test       Failed after 3.1s: 2 of 14 tests failed: test_a, test_b
package enum PlainProgress {
    /// - Parameter old: What the last lines were about; nil at first.
    package static func lines(from old: PipelineRunStatus?, to view: RunView, now: Timestamp) -> [Line] {
        let width = max(8, view.stages.map { $0.title.columns }.max() ?? 0)
        let status = view.run.status
        func line(_ title: String, _ rest: Line) -> Line {
            Line("\(view.name)  ") + Line(title).padded(to: width) + Line("  ") + rest
        }
        var lines: [Line] = []
        if status.startTime != nil, old?.startTime == nil || isRestarted(old, status) {
            lines.append(line("", Line(old?.startTime == nil ? "Started" : "Started again")))
        }
        for stage in view.stages {
            let before = old?[stage: stage.id]
            if let rest = change(from: before, to: stage, now: now) { lines.append(line(stage.title, rest)) }
        }
        if let rest = runChange(from: old, to: view, now: now) { lines.append(line("", rest)) }
        return lines
    }

    private static func isRestarted(_ old: PipelineRunStatus?, _ new: PipelineRunStatus) -> Bool {
        guard let old else { return false }
        return old.isFinished && !new.isFinished
    }

    private static func change(from old: StageStatus?, to stage: StageView, now: Timestamp) -> Line? {
        let new = stage.status
        let hasMoved = old?.state != new.state || old?.attempt != new.attempt
        switch new.state {
        case .pending, .assigned: return nil
        case .running:
            guard hasMoved else { return nil }
            return Line("Running", stage.ink) + Line(new.attempt > 1 ? ", attempt \(new.attempt)" : "")
        case .succeeded, .failed, .skipped, .cancelled:
            guard hasMoved else { return nil }
            let time = new.attempt > 0 ? stage.elapsed(now: now).map { " after \($0)" } ?? "" : ""
            return Line(new.state.rawValue, stage.ink) + Line(time + (stage.detail.isEmpty ? "" : ": \(stage.detail)"))
        case .waiting, .queued:
            // Only what lasts is worth a line: a person, a back-off, the lack of an agent.
            guard isWorthALine(new), old?.state != new.state || old?.reason != new.reason || old?.message != new.message
            else { return nil }
            return Line(new.state.rawValue, stage.ink) + Line(stage.detail.isEmpty ? "" : ": \(stage.detail)")
        }
    }

    private static func isWorthALine(_ stage: StageStatus) -> Bool {
        [Reason.approvalPending, Reason.backOff, Reason.noAgent, Reason.kafkaUnreachable, Reason.paused]
            .contains(stage.reason)
    }

    private static func runChange(from old: PipelineRunStatus?, to view: RunView, now: Timestamp) -> Line? {
        let phase = RunPhase(view.run)
        let condition = view.run.status.succeeded
        if view.run.status.isFinished {
            guard old.map({ !$0.isFinished }) ?? true else { return nil }
            let time = view.elapsed(now: now).map { " after \($0)" } ?? ""
            return Line(phase.word, phase.ink) + Line(time + (phase.message.isEmpty ? "" : ": \(phase.message)"))
        }
        guard condition?.status != old?.succeeded?.status || condition?.reason != old?.succeeded?.reason,
            !phase.reason.isEmpty
        else { return nil }
        return Line(phase.word, phase.ink)
            + Line(" (\(phase.reason))" + (phase.message.isEmpty ? "" : ": \(phase.message)"))
    }
}
