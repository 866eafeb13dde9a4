internal import Synchronization
internal import Threads

/// What callers want of the loop's thread, in order.
enum TransferCommand: Sendable {
    case start(any Exchange)
    case goOn(ObjectIdentifier)
    case cancel(ObjectIdentifier)
    case close
    /// To take no more, and to end with the last that is under way.
    case retire
}

/// Carries commands from any thread to the loop's. It has no bound of its own: each waiting request is a caller's.
final class TransferQueue: Sendable {
    private struct State {
        var commands: [TransferCommand] = []
        /// It takes no further request.
        var isRetired = false
        var hasEnded = false
        var closers: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())
    private let multi: MultiHandle

    init(waking multi: MultiHandle) {
        self.multi = multi
    }

    /// A queue with a thread that serves it until it is told to close.
    static func serving(
        _ settings: HTTPClientSettings, name: String, maxConnections: Int?
    ) throws(HTTPError) -> TransferQueue {
        let multi = try MultiHandle(maxConnections: maxConnections)
        let queue = TransferQueue(waking: multi)
        do throws(ThreadError) {
            // The thread makes the loop, which is nobody else's.
            try NamedThread.start(name) { TransferLoop(queue, multi, settings).run() }
        } catch {
            throw HTTPError(.unusable, error.description, nothingSent: true)
        }
        return queue
    }

    /// False, and nothing done, once it takes no more.
    @discardableResult
    func send(_ command: TransferCommand) -> Bool {
        let isTaken = state.withLock { state in
            guard !state.hasEnded else { return false }
            switch command {
            case .close, .retire: state.isRetired = true
            case .start where state.isRetired: return false
            case .start, .goOn, .cancel: break
            }
            state.commands.append(command)
            return true
        }
        if isTaken { multi.wake() }
        return isTaken
    }

    func take() -> [TransferCommand] {
        state.withLock { state in
            defer { state.commands = [] }
            return state.commands
        }
    }

    /// The loop is over, for whatever reason: gives the commands that came too late.
    func end() -> [TransferCommand] {
        let (late, closers) = state.withLock { state in
            state.hasEnded = true
            defer {
                state.commands = []
                state.closers = []
            }
            return (state.commands, state.closers)
        }
        for closer in closers { closer.resume() }
        return late
    }

    /// The thread is gone.
    var isOver: Bool { state.withLock { $0.hasEnded } }

    func waitForEnd() async {
        await withCheckedContinuation { continuation in
            let hasEnded = state.withLock { state in
                if !state.hasEnded { state.closers.append(continuation) }
                return state.hasEnded
            }
            if hasEnded { continuation.resume() }
        }
    }
}
