internal import Assembly
internal import Controller
internal import Model
internal import Presentation
internal import Synchronization

/// Shows how runs go: frames drawn over each other on a terminal, lines elsewhere, nothing for programs.
final class ProgressDisplay: Sendable {
    private enum Style {
        case frames
        case lines
        case silent
    }

    private struct State: Sendable {
        var frame: ProgressFrame?
        var told: [String: PipelineRunStatus] = [:]
    }

    private let watch: RunWatch
    private let style: Style
    private let state = Mutex(State())

    init(_ watch: RunWatch, wantsJSON: Bool) {
        self.watch = watch
        style = wantsJSON ? .silent : Console.standard.isLive ? .frames : .lines
    }

    func begin() {
        if style == .frames { Console.standard.write(ProgressPainter.begin) }
    }

    /// Brings what is shown up to date.
    func update() {
        let notices = watch.takeNotices()
        if style != .frames {
            for notice in notices { Console.error(notice) }
        } else if !notices.isEmpty {
            let (columns, _) = Console.standard.size ?? (80, 24)
            let frame = state.withLock { $0.frame }
            Console.standard.write(
                ProgressPainter.insert(
                    notices.map { Line($0) }, above: frame, width: columns, colour: Console.standard.colour))
        }
        switch style {
        case .silent: break
        case .lines:
            for view in watch.takeChanged() {
                let old = state.withLock { state in
                    defer { state.told[view.run.uid] = view.run.status }
                    return state.told[view.run.uid]
                }
                Console.standard.write(PlainProgress.lines(from: old, to: view, now: Timestamp.current()))
            }
        case .frames:
            let (columns, rows) = Console.standard.size ?? (80, 24)
            let frame = ProgressFrame(watch.views, now: Timestamp.current(), width: columns, height: rows)
            let old = state.withLock { state in
                defer { state.frame = frame }
                return state.frame
            }
            Console.standard.write(ProgressPainter.update(from: old, to: frame, colour: Console.standard.colour))
        }
    }

    /// Takes the live frame away, and leaves the terminal as it was.
    func end() {
        guard style == .frames else { return }
        let frame = state.withLock { state in
            defer { state.frame = nil }
            return state.frame
        }
        Console.standard.write(frame.map { ProgressPainter.clear($0, width: Console.standard.width) } ?? "")
        Console.standard.write(ProgressPainter.end)
    }

    /// Keeps what is shown up to date until all runs have ended.
    func run() async {
        update()
        if style == .frames {
            // Elapsed times move although nothing else does.
            while !watch.isDone, !Task.isCancelled {
                try? await Task.sleep(for: .milliseconds(100))
                update()
            }
        } else {
            for await _ in watch.changes {
                update()
                if watch.isDone { break }
            }
        }
        update()
    }
}
