package import Model

/// What a terminal shows of runs while they go on: a header a run, a line a stage.
///
///     ▸ greeter-x7k2a  ━━━━━━━━──────── 2/4  12.3s
///       ✓ lint         3.1s  no findings
///       ▸ test         8.9s  tests/test_greeting.py ..F
///
/// Of what is too much for the terminal the least telling goes first: combinations of a matrix that wait or went well,
/// then runs that have ended, then stages that neither run nor failed.
package struct ProgressFrame: Equatable, Sendable {
    package let lines: [Line]
    /// The terminal's width that the lines fit into.
    package let width: Int

    package init(_ runs: [RunView], now: Timestamp, width: Int, height: Int) {
        self.width = max(1, width)
        // The cursor stands below the last line.
        let room = max(1, height - 1)
        var drawing = ProgressDrawing(runs, now: now)
        for detail in ProgressDrawing.Detail.allCases {
            drawing.detail = detail
            if drawing.height <= room { break }
        }
        lines = drawing.lines(atMost: room).map { [width = self.width] in $0.truncated(to: width) }
    }
}

/// Draws a frame with as much detail as asked for.
struct ProgressDrawing {
    enum Detail: Int, CaseIterable {
        case all
        /// A line for a matrix, and one each for its combinations that run or failed.
        case foldedMatrices
        /// Of runs that have ended only the header.
        case foldedRuns
        /// Of stages only those that run, failed or want a person, and a line that counts the others.
        case active
        case headers
    }

    private let runs: [RunView]
    private let now: Timestamp
    private let titleWidth: Int
    private let nameWidth: Int
    private static let barWidth = 16
    private static let timeWidth = 6
    var detail = Detail.all

    init(_ runs: [RunView], now: Timestamp) {
        self.runs = runs
        self.now = now
        let titles = runs.flatMap { $0.stages.map { $0.title.columns } }
        titleWidth = min(36, max(8, titles.max() ?? 0))
        nameWidth = min(48, runs.map { $0.name.columns }.max() ?? 0)
    }

    var height: Int { runs.reduce(0) { $0 + rows(of: $1).count } }

    func lines(atMost room: Int) -> [Line] {
        let all = runs.map { rows(of: $0) }
        let lines = all.flatMap { $0 }
        guard lines.count > room else { return lines }
        // Not even the headers have room: those of runs that go on come first.
        let order =
            runs.indices.filter { !runs[$0].run.status.isFinished }
            + runs.indices.filter { runs[$0].run.status.isFinished }
        let shown = order.prefix(room - 1)
        let hidden = order.dropFirst(shown.count)
        let ended = hidden.count { runs[$0].run.status.isFinished }
        let parts = [(hidden.count - ended, "going on"), (ended, "ended")].filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
        return shown.sorted().flatMap { all[$0] }
            + [Line("  … and \(hidden.count) more: \(parts.joined(separator: ", "))", .dim)]
    }

    private func rows(of view: RunView) -> [Line] {
        var rows = [header(view)]
        if detail == .headers { return rows }
        if detail.rawValue >= Detail.foldedRuns.rawValue, view.run.status.isFinished { return rows }
        if detail == .active { return rows + activeRows(view) }
        if view.stages.isEmpty, let message = view.run.status.succeeded?.message, !message.isEmpty {
            rows.append(Line("    ") + Line(message, .dim))
        }
        var place = 0
        while place < view.stages.count {
            let name = view.stages[place].name
            let end = view.stages[place...].firstIndex { $0.name != name } ?? view.stages.count
            let group = view.stages[place..<end]
            if group.count > 1, detail != .all {
                rows.append(summary(of: group))
                rows += group.filter(isTelling).map { row($0, indent: 4) }
            } else {
                rows += group.map { row($0) }
            }
            place = end
        }
        return rows
    }

    private func isTelling(_ stage: StageView) -> Bool {
        stage.wantsPerson || [.running, .assigned, .failed].contains(stage.status.state)
    }

    private func activeRows(_ view: RunView) -> [Line] {
        let telling = view.stages.filter(isTelling)
        let rest = view.stages.filter { !isTelling($0) }
        let rows = telling.map { row($0) }
        return rest.isEmpty ? rows : rows + [Line("  · ", .dim) + Line(counts(rest[...]), .dim)]
    }

    private func header(_ view: RunView) -> Line {
        let phase = RunPhase(view.run)
        var line = Line([phase.glyph, TextSpan(" ")])
        line = line + Line(view.name, .bold).truncated(to: nameWidth).padded(to: nameWidth)
        if !view.stages.isEmpty {
            line = line + Line("  ") + bar(view) + Line(" \(view.progress)")
        }
        if let elapsed = view.elapsed(now: now) { line.append("  \(elapsed)") }
        switch phase.word {
        case "Running", "Succeeded": break
        default: line = line + Line("  ") + Line(phase.word, phase.ink)
        }
        if !phase.reason.isEmpty { line.append(" (\(phase.reason))", .dim) }
        return line
    }

    private func bar(_ view: RunView) -> Line {
        let total = view.stages.count
        // A share never fills the bar before the last stage has ended.
        func cells(_ count: Int) -> Int { count * Self.barWidth / total }
        let ended = cells(view.ended)
        let begun = cells(view.ended + view.stages.count { $0.status.state == .running })
        let hasFailed = view.stages.contains { $0.status.state == .failed }
        func text(_ count: Int, _ cell: Character) -> String { String(repeating: cell, count: count) }
        return Line([
            TextSpan(text(ended, "━"), hasFailed ? .red : .green), TextSpan(text(begun - ended, "━"), .cyan),
            TextSpan(text(Self.barWidth - begun, "─"), .dim),
        ])
    }

    private func row(_ stage: StageView, indent: Int = 2) -> Line {
        var line = Line(String(repeating: " ", count: indent)) + Line([stage.glyph, TextSpan(" ")])
        let width = titleWidth - (indent - 2)
        let isIdle = [.pending, .skipped, .cancelled].contains(stage.status.state)
        line = line + Line(stage.title, isIdle ? .dim : .plain).truncated(to: width).padded(to: width)
        line = line + Line("  ") + Line(stage.elapsed(now: now) ?? "").padded(to: Self.timeWidth, .right)
        return (line + Line("  ") + remark(stage)).withoutTrailingSpaces()
    }

    private func remark(_ stage: StageView) -> Line {
        var line = Line()
        if stage.status.attempt > 1, !stage.status.state.isFinal {
            line.append("attempt \(stage.status.attempt)  ", .dim)
        }
        if stage.status.state == .running, let last = stage.lastLine {
            line.append(last, .dim)
        } else {
            line.append(stage.detail, stage.status.state == .failed || stage.wantsPerson ? stage.ink : .dim)
        }
        return line
    }

    private func summary(of group: ArraySlice<StageView>) -> Line {
        let states = group.map(\.status.state)
        let glyph: TextSpan
        if states.contains(.failed) {
            glyph = TextSpan("✗", .red)
        } else if states.contains(where: \.isBound) {
            glyph = TextSpan("▸", .cyan)
        } else if states.allSatisfy({ $0 == .succeeded }) {
            glyph = TextSpan("✓", .green)
        } else {
            glyph = TextSpan(states.allSatisfy(\.isFinal) ? "⊘" : "·", .dim)
        }
        let title = "\(group.first?.name ?? "") ×\(group.count)"
        return Line([TextSpan("  "), glyph, TextSpan(" ")]) + Line(title).padded(to: titleWidth) + Line("  ")
            + Line(counts(group), .dim)
    }

    /// `3 succeeded, 1 running`.
    private func counts(_ stages: ArraySlice<StageView>) -> String {
        StageStatus.State.allCases.reversed().compactMap { state in
            let count = stages.count { $0.status.state == state }
            return count > 0 ? "\(count) \(state.rawValue.lowercased())" : nil
        }.joined(separator: ", ")
    }
}

extension Line {
    func withoutTrailingSpaces() -> Line {
        var spans = spans
        while let last = spans.last {
            var text = last.text[...]
            while text.last == " " { text.removeLast() }
            spans[spans.count - 1] = TextSpan(text, last.ink)
            if !text.isEmpty { break }
            spans.removeLast()
        }
        return Line(spans)
    }
}
