internal import Synchronization

/// What happened, in order, for tests that wait for it.
package final class Journal<Entry: Sendable>: Sendable {
    private struct State {
        var entries: [Entry] = []
        var waiters: [(count: Int, CheckedContinuation<Void, Never>)] = []
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
        for (_, waiter) in ready { waiter.resume() }
    }

    /// The entries, once there are so many.
    @discardableResult
    package func first(_ count: Int) async -> [Entry] {
        await withCheckedContinuation { waiter in
            let isThere = state.withLock { state in
                if state.entries.count < count { state.waiters.append((count, waiter)) }
                return state.entries.count >= count
            }
            if isThere { waiter.resume() }
        }
        return entries
    }
}
