import Model
import Presentation
import Testing

/// A terminal that knows just the sequences that the painter uses, to see what is on the screen in the end.
private struct Screen {
    var rows: [String] = [""]
    var row = 0
    private var column = 0
    private let height: Int

    init(height: Int = 100) { self.height = height }

    mutating func show(_ output: String) {
        var rest = Array(output.unicodeScalars)[...]
        while let scalar = rest.popFirst() {
            switch scalar {
            case "\n":
                row += 1
                column = 0
                if row == rows.count { rows.append("") }
            case "\r": column = 0
            case "\u{1B}":
                rest = rest.dropFirst()
                let parameters = rest.prefix { !("@"..."~").contains($0) }
                rest = rest.dropFirst(parameters.count)
                act(rest.popFirst() ?? " ", Int(String(String.UnicodeScalarView(parameters))))
            default:
                if rows[row].count == column { rows[row].unicodeScalars.append(scalar) } else { replace(scalar) }
                column += 1
            }
        }
    }

    private mutating func replace(_ scalar: Unicode.Scalar) {
        var text = Array(rows[row])
        text[column] = Character(scalar)
        rows[row] = String(text)
    }

    private mutating func act(_ final: Unicode.Scalar, _ number: Int?) {
        switch final {
        case "A": row = max(0, row - (number ?? 1))
        case "B": row = min(rows.count - 1, row + (number ?? 1))
        case "K": rows[row] = String(rows[row].prefix(column))
        case "J":
            rows[row] = String(rows[row].prefix(column))
            rows.removeSubrange((row + 1)...)
        default: break
        }
    }
}

@Suite struct PainterTests {
    private func frame(_ run: PipelineRun, _ last: String? = nil, at seconds: Double) -> ProgressFrame {
        let view = RunView(run, lastLines: last.map { ["test": $0] } ?? [:])
        return ProgressFrame([view], now: Sample.at(seconds), width: 80, height: 24)
    }

    @Test func onlyWhatChangedIsWritten() {
        let first = frame(Sample.running, "one", at: 9)
        let second = frame(Sample.running, "two", at: 9)
        let output = ProgressPainter.update(from: first, to: second, colour: false)
        #expect(output.visible.hasPrefix("\\e[5A\\r"))
        #expect(output.visible.hasSuffix("two\\e[K\n\\e[4B\\r"))
        #expect(!output.contains("lint"))
        #expect(ProgressPainter.update(from: second, to: second, colour: false).isEmpty)
    }

    @Test func theScreenAlwaysShowsTheLastFrame() {
        let runs = [Sample.running, Sample.matrix, Sample.failed, Sample.waiting, Sample.succeeded]
        var screen = Screen()
        screen.show("$ martlet run\n")
        var shown: ProgressFrame?
        for step in 0..<40 {
            let count = step * 7 % 4 + 1
            let views = (0..<count).map {
                RunView(runs[(step * 3 + $0) % runs.count], lastLines: ["test": "line \(step)"])
            }
            let next = ProgressFrame(views, now: Sample.at(Double(step)), width: 70, height: 30)
            screen.show(ProgressPainter.update(from: shown, to: next, colour: step.isMultiple(of: 2)))
            #expect(screen.rows == ["$ martlet run"] + next.lines.map(\.text) + [""], "step \(step)")
            #expect(screen.row == next.lines.count + 1)
            shown = next
        }
        if let shown { screen.show(ProgressPainter.clear(shown)) }
        #expect(screen.rows == ["$ martlet run", ""])
    }

    @Test func linesThatStayStandAboveTheFrame() {
        let shown = frame(Sample.running, at: 9)
        let next = frame(Sample.running, "more", at: 10)
        var screen = Screen()
        screen.show(ProgressPainter.insert(["first"], above: nil, colour: false))
        screen.show(ProgressPainter.update(from: nil, to: shown, colour: false))
        screen.show(ProgressPainter.insert(["cancelling"], above: shown, colour: false))
        screen.show(ProgressPainter.update(from: shown, to: next, colour: false))
        #expect(screen.rows == ["first", "cancelling"] + next.lines.map(\.text) + [""])
    }

    @Test func aNarrowerTerminalIsPaintedAnew() {
        let wide = frame(Sample.running, at: 9)
        let narrow = ProgressFrame([RunView(Sample.running)], now: Sample.at(9), width: 20, height: 24)
        let output = ProgressPainter.update(from: wide, to: narrow, colour: false)
        // The header and two stages have been broken into two lines or more.
        let rows = wide.lines.reduce(0) { $0 + max(1, ($1.columns + 19) / 20) }
        #expect(output.visible.hasPrefix("\\e[\(rows)A\\r\\e[J"))
        #expect(rows > wide.lines.count)
    }
}
