internal import Synchronization
internal import Threads

/// Something that happens once, for a task to wait for, or for a thread.
package final class Signal: Sendable {
    private struct State {
        var isGiven = false
        var waiters: [CheckedContinuation<Void, Never>] = []
        var pipes: [WakePipe] = []
    }

    private let state = Mutex(State())

    package init() {}

    package func give() {
        let (waiters, pipes) = state.withLock { state in
            state.isGiven = true
            defer {
                state.waiters = []
                state.pipes = []
            }
            return (state.waiters, state.pipes)
        }
        for waiter in waiters { waiter.resume() }
        for pipe in pipes { pipe.wake() }
    }

    package func wait() async {
        await withCheckedContinuation { waiter in
            let isGiven = state.withLock { state in
                if !state.isGiven { state.waiters.append(waiter) }
                return state.isGiven
            }
            if isGiven { waiter.resume() }
        }
    }

    /// The same for a thread, which may block.
    package func block() {
        let pipe = WakePipe()
        let isGiven = state.withLock { state in
            if !state.isGiven { state.pipes.append(pipe) }
            return state.isGiven
        }
        if !isGiven { pipe.wait() }
    }
}

/// What happened, in order, from several threads.
package final class Record<Entry: Sendable>: Sendable {
    private let state = Mutex<[Entry]>([])

    package init() {}

    package func append(_ entry: Entry) { state.withLock { $0.append(entry) } }

    package var entries: [Entry] { state.withLock { $0 } }
}
