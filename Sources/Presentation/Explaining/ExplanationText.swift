package import Model
package import Planning

/// Why a run and its stages stand where they do, and what would get them on: what `martlet explain` prints.
package struct ExplanationText {
    private var lines: [Line] = []
    private let now: Timestamp
    /// The terminal's; nil where there is none.
    private let width: Int?
    private let clock: (Timestamp) -> String
    private let explanation: RunExplanation

    /// - Parameters:
    ///   - only: The stages that are asked for, by id; nil for all.
    ///   - clock: A time as people read it where they are: `19:41:02`.
    package init(
        _ explanation: RunExplanation, of run: PipelineRun, only: [String]? = nil, now: Timestamp, width: Int?,
        clock: @escaping (Timestamp) -> String
    ) {
        self.explanation = explanation
        self.now = now
        self.width = width
        self.clock = clock
        head(run, isAlone: only == nil)
        let stages = explanation.stages.filter { only?.contains($0.id) ?? true }
        if !stages.isEmpty { lines.append(Line()) }
        for stage in stages { add(stage, isAlone: only != nil) }
    }

    package func rendered(colour: Bool) -> String { lines.rendered(colour: colour) }

    /// From when on a run's deadline is worth a line.
    private static let soon: Int64 = 3_600_000_000

    // MARK: The run

    private mutating func head(_ run: PipelineRun, isAlone: Bool) {
        let phase = RunPhase(run)
        var head = Line([phase.glyph]) + Line(" ") + Line(run.metadata.name, .bold) + Line("  ")
        head = head + Line(phase.word, phase.ink)
        if !phase.reason.isEmpty { head.append(" (\(phase.reason))", .dim) }
        if let progress = run.status.progress { head.append("  \(progress)") }
        if let elapsed = run.elapsed(now: now) { head.append("  \(elapsed)", .dim) }
        lines.append(head)
        // Where gates follow they say it better, and a stage's own line has them all.
        if explanation.gates.isEmpty, !phase.message.isEmpty { add(Line(phase.message), indent: 2) }
        if isAlone { for gate in explanation.gates { add(gate, indent: 2) } }
        if let end = explanation.end {
            add(remedy: end.remedy(run: explanation.run, stage: nil), indent: 2)
        } else if let deadline = explanation.deadline, deadline.since(now) < Self.soon {
            add(Line("ends at \(moment(deadline)) in any case (the pipeline's timeoutSeconds)", .dim), indent: 2)
        }
    }

    // MARK: Stages

    private mutating func add(_ stage: StageExplanation, isAlone: Bool) {
        let view = StageView(id: stage.id, name: stage.id, title: stage.title, status: stage.status)
        var head = Line("  ") + Line([view.glyph]) + Line(" \(stage.title)  ")
        head.append(stage.status.state.rawValue, view.ink)
        head.append(timing(stage, view), .dim)
        lines.append(head)
        if let history = stage.history { add(Line(history, .dim), indent: 6) }
        if let end = stage.end {
            if !end.text.isEmpty { add(Line(end.text), indent: 6) }
            add(remedy: end.remedy(run: explanation.run, stage: stage.id), indent: 6)
        }
        if stage.isHeard == false {
            add(Line("its agent is not heard of: once its lease is over the stage runs again elsewhere"), indent: 6)
        }
        let own = isAlone ? stage.gates : stage.gates.filter { !explanation.gates.contains($0) }
        for gate in own { add(gate, indent: 6) }
        if own.isEmpty, !stage.gates.isEmpty { add(Line("held back with the run, see above", .dim), indent: 6) }
    }

    private func timing(_ stage: StageExplanation, _ view: StageView) -> String {
        let status = stage.status
        switch status.state {
        case .running:
            return "  \(view.elapsed(now: now) ?? "")" + (status.agent.map { " on \($0)" } ?? "")
        case .succeeded, .failed, .skipped, .cancelled: return view.elapsed(now: now).map { "  \($0)" } ?? ""
        case .queued, .waiting:
            return status.queuedTime.map { "  for \(TimeText.duration(microseconds: now.since($0)))" } ?? ""
        case .assigned:
            return status.assignedTime.map { "  for \(TimeText.duration(microseconds: now.since($0)))" } ?? ""
        case .pending: return ""
        }
    }

    private mutating func add(_ gate: Gate, indent: Int) {
        add(Line("- ", .yellow) + Line(gate.text(moment)), indent: indent, hanging: 2)
        if case .agents(let demand) = gate {
            let names = demand.agents.map(\.agent.columns).max() ?? 0
            for answer in demand.agents {
                add(
                    Line(answer.agent).padded(to: names + 2) + Line(answer.verdict.text(moment)), indent: indent + 4,
                    hanging: names + 2)
            }
        }
        add(remedy: gate.remedy(run: explanation.run), indent: indent + 2)
    }

    private mutating func add(remedy: String?, indent: Int) {
        guard let remedy else { return }
        add(Line("→ ", .cyan) + Line(remedy), indent: indent, hanging: 2)
    }

    private mutating func add(_ line: Line, indent: Int, hanging: Int = 0) {
        let room = width.map { max(24, $0 - indent - hanging) }
        let parts = room.map { line.wrapped(to: $0, atMost: 12) } ?? [line]
        for (place, part) in parts.enumerated() {
            let blank = place == 0 ? indent : indent + hanging
            lines.append(Line(String(repeating: " ", count: blank)) + part)
        }
    }

    /// `19:41:02 (in 12.0s)`.
    private func moment(_ time: Timestamp) -> String {
        let wait = time.since(now)
        let distance = TimeText.duration(microseconds: wait < 0 ? -wait : wait)
        return "\(clock(time)) (\(wait < 0 ? "\(distance) ago" : "in \(distance)"))"
    }
}
