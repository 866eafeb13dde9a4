package import Model

/// What is said of runs once they have come to their end: a table for each, and a last sentence.
package struct ClosingReport: Sendable {
    private let runs: [RunView]
    private let now: Timestamp

    /// - Parameter runs: Those that were waited for, ended or not (after a second Ctrl-C).
    package init(_ runs: [RunView], now: Timestamp) {
        self.runs = runs
        self.now = now
    }

    /// Whether every run succeeded.
    package var succeeded: Bool { runs.allSatisfy { $0.run.status.succeeded?.status == .true } }

    /// - Parameter width: The terminal's; nil where there is none.
    package func lines(width: Int?) -> [Line] {
        var lines: [Line] = []
        for view in runs {
            if !lines.isEmpty { lines.append(Line()) }
            lines += table(view, width: width)
        }
        if runs.count > 1 { lines += [Line(), sentence] }
        return lines
    }

    private func table(_ view: RunView, width: Int?) -> [Line] {
        var title = Line(view.name, .bold)
        if let pipeline = view.pipeline { title.append("  \(pipeline)", .dim) }
        if let source = view.run.status.source {
            title.append("  \(Self.shortened(source.revision))", .dim)
            if let ref = source.ref { title.append(" \(Self.shortened(ref: ref))", .dim) }
        }
        var lines = [title]
        if !view.stages.isEmpty { lines += StageTable(view.stages, now: now).lines(width: width) }
        let phase = RunPhase(view.run)
        var end = Line(phase.word, phase.ink)
        if let elapsed = view.elapsed(now: now) { end.append(" after \(elapsed)") }
        let detail = phase.message.isEmpty ? phase.reason : phase.message
        if !detail.isEmpty { end.append(": \(detail)") }
        return lines + (width.map { end.wrapped(to: $0, atMost: 6) } ?? [end])
    }

    private var sentence: Line {
        let good = runs.count { $0.run.status.succeeded?.status == .true }
        guard good < runs.count else { return Line("All \(runs.count) runs succeeded", .green) }
        let others = runs.filter { $0.run.status.succeeded?.status != .true }.map(\.name)
        let named = others.prefix(5).joined(separator: ", ") + (others.count > 5 ? " and \(others.count - 5) more" : "")
        return Line("\(good) of \(runs.count) runs succeeded", .red) + Line("; failed or unfinished: \(named)")
    }

    /// The first letters of a commit, enough to tell it.
    package static func shortened(_ revision: String) -> String {
        revision.utf8.count >= 40 ? String(revision.prefix(10)) : revision
    }

    /// `main` for `refs/heads/main`.
    package static func shortened(ref: String) -> String {
        for prefix in ["refs/heads/", "refs/tags/", "refs/"] where ref.hasPrefix(prefix) {
            return String(ref.dropFirst(prefix.count))
        }
        return ref
    }
}

/// A run's stages with their states, times and what came of them.
struct StageTable {
    private var table: Table

    init(_ stages: [StageView], now: Timestamp, withAgents: Bool = false, indent: Int = 2) {
        let hasAttempts = stages.contains { $0.status.attempt > 1 }
        var columns = [
            Table.Column("  STAGE", overflow: .cut, minimum: 16), Table.Column("STATE"), Table.Column("TIME", .right),
        ]
        if hasAttempts { columns.append(Table.Column("ATTEMPTS", .right)) }
        if withAgents { columns.append(Table.Column("AGENT", overflow: .cut)) }
        columns.append(Table.Column("DETAIL", overflow: .wrap(8), minimum: 16))
        table = Table(columns, indent: indent)
        for stage in stages {
            var row = [
                Line([stage.glyph, TextSpan(" \(stage.title)")]), Line(stage.status.state.rawValue, stage.ink),
                Line(stage.elapsed(now: now) ?? ""),
            ]
            if hasAttempts { row.append(Line(stage.status.attempt > 0 ? "\(stage.status.attempt)" : "")) }
            if withAgents { row.append(Line(stage.status.agent ?? "", .dim)) }
            // What a stage needs is left out where there is no time to read it.
            let needs = withAgents && stage.status.state == .pending ? stage.status.message : nil
            row.append(Line(needs ?? stage.detail, stage.status.state == .failed ? .red : .plain))
            table.rows.append(row)
        }
    }

    func lines(width: Int?) -> [Line] { table.lines(width: width) }
}
