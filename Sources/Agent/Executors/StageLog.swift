internal import AgentProtocol
internal import Execution
internal import Model
internal import Synchronization

/// Sends an attempt's output: the first line at once, then what came within 100 ms together.
///
/// Memory is bounded: a chunk's worth here, and what the channel holds. Where the channel can't get rid of it, the
/// program that writes is held up for a while, then lines are left out and counted.
final class StageLog: Sendable {
    private static let interval = Duration.milliseconds(100)
    private static let progressInterval = Duration.seconds(10)
    /// How much may wait in the channel before the reader slows down.
    private static let waitingLimit = 8 << 20
    /// How long a program may be held up, all in all, before its output is left out.
    private static let defaultPatience = Duration.seconds(10)

    private struct State {
        var text = ""
        var number = 0
        var dropped = 0
        var lastFlush: ContinuousClock.Instant?
        var isFlushPlanned = false
        var isFinished = false
        var lastLine = ""
        var patience: Duration
        /// When people who wait were last told something; nothing before the attempt has taken that long.
        var lastProgress = ContinuousClock.now
        var isNews = false
    }

    private let fence: String
    private let instance: String
    private let channel: any ControllerChannel
    private let progress: @Sendable (String) -> Void
    private let masker: Masker
    private let state: Mutex<State>
    private let flushes: AsyncStream<Void>
    private let planFlush: AsyncStream<Void>.Continuation

    init(
        _ assignment: Assignment, context: StageContext, masker: Masker, patience: Duration = StageLog.defaultPatience
    ) {
        state = Mutex(State(patience: patience))
        fence = assignment.fence.description
        instance = assignment.instance
        channel = context.channel
        progress = context.progress
        self.masker = masker
        (flushes, planFlush) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// The last line that the work itself has written, without white space around it.
    var lastLine: String { state.withLock { $0.lastLine } }

    /// Adds a line of the agent's own. It waits for company.
    func say(_ line: String) {
        add([masker.mask(line)], isOutput: false)
    }

    /// Adds what a program has written, which is masked already as far as streams can be. Comes back when there is room for more.
    func write(_ lines: [OutputLine]) async {
        guard await hasRoom() else {
            state.withLock { $0.dropped += lines.count }
            return
        }
        add(lines.map(\.text), isOutput: true)
    }

    /// Sends what is left and says that nothing follows.
    func finish() {
        flush(isLast: true)
        planFlush.finish()
    }

    /// Sends what waits for company; runs as long as the attempt.
    func run() async {
        for await _ in flushes {
            try? await Task.sleep(for: Self.interval)
            flush(isLast: false)
        }
    }

    private func add(_ lines: [String], isOutput: Bool) {
        state.withLock { state in
            for line in lines {
                if state.text.utf8.count + line.utf8.count + 1 > LogChunk.textLimit { send(&state, isLast: false) }
                state.text += line.cut(toBytes: LogChunk.textLimit - 1)
                state.text += "\n"
                if isOutput, let shown = Self.trimmed(line) {
                    state.lastLine = shown
                    state.isNews = true
                }
            }
            let now = ContinuousClock.now
            if isOutput, state.lastFlush.map({ now - $0 >= Self.interval }) ?? true {
                send(&state, isLast: false)
            } else if !state.isFlushPlanned {
                state.isFlushPlanned = true
                planFlush.yield()
            }
        }
    }

    private func flush(isLast: Bool) {
        let news: String? = state.withLock { state in
            state.isFlushPlanned = false
            guard !state.isFinished, isLast || !state.text.isEmpty else { return nil }
            state.isFinished = isLast
            var news: String?
            if state.isNews, !isLast, ContinuousClock.now - state.lastProgress >= Self.progressInterval {
                state.lastProgress = .now
                state.isNews = false
                news = state.lastLine
            }
            send(&state, isLast: isLast)
            return news
        }
        if let news { progress(news) }
    }

    /// Under the lock also for the channel, which doesn't wait: a chunk that another thread made later, perhaps the
    /// last one, must not get there first.
    private func send(_ state: inout State, isLast: Bool) {
        var chunk = LogChunk()
        chunk.fence = fence
        chunk.instance = instance
        chunk.number = state.number
        chunk.time = AgentTime.now().wall
        chunk.text = state.text
        chunk.dropped = state.dropped
        chunk.isLast = isLast
        state.number += 1
        state.text = ""
        state.dropped = 0
        state.lastFlush = .now
        channel.log(chunk)
    }

    /// Waits for the channel, as long as there is patience left.
    private func hasRoom() async -> Bool {
        while channel.waitingLogBytes > Self.waitingLimit {
            let pause = Duration.milliseconds(20)
            let mayWait = state.withLock { state in
                state.patience -= pause
                return state.patience > .zero
            }
            guard mayWait, !Task.isCancelled else { return false }
            try? await Task.sleep(for: pause)
        }
        return true
    }

    private static func trimmed(_ line: String) -> String? {
        let isSpace = { (scalar: Unicode.Scalar) in scalar.properties.isWhitespace }
        let scalars = line.unicodeScalars
        guard let first = scalars.firstIndex(where: { !isSpace($0) }),
            let last = scalars.lastIndex(where: { !isSpace($0) })
        else { return nil }
        return String(scalars[first...last])
    }
}
