internal import Synchronization

/// What happened, in order, for tests that wait for it.
package final class Journal<Entry: Sendable>: Sendable {
    private struct State {
        var entries: [Entry] = []
        var waiters: [(count: Int, id: Int, CheckedContinuation<Void, Never>)] = []
        var lastID = 0
    }

    private let state = Mutex(State())

    package init() {}

    package var entries: [Entry] { state.withLock { $0.entries } }

    package func append(_ entry: Entry) {
        let ready = state.withLock { state in
            state.entries.append(entry)
            let ready = state.waiters.filter { $0.count <= state.entries.count }
            state.waiters.removeAll { $0.count <= state.entries.count }
            return ready
        }
        for (_, _, waiter) in ready { waiter.resume() }
    }

    /// The entries, once there are so many, or the task is cancelled.
    @discardableResult
    package func first(_ count: Int) async -> [Entry] {
        let id = state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { waiter in
                let mayGo = state.withLock { state in
                    if state.entries.count >= count || Task.isCancelled { return true }
                    state.waiters.append((count, id, waiter))
                    return false
                }
                if mayGo { waiter.resume() }
            }
        } onCancel: {
            let waiters = state.withLock { state in
                let mine = state.waiters.filter { $0.id == id }
                state.waiters.removeAll { $0.id == id }
                return mine
            }
            for (_, _, waiter) in waiters { waiter.resume() }
        }
        return entries
    }
}
