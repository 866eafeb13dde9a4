internal import Synchronization

/// Has the store delete runs, a few at a time, so that a thousand of them hold up no status.
///
/// What waits is bounded by the runs there are, since a run waits at most once.
final class Deleter: Sendable {
    /// Deletions under way at once.
    private static let calls = 4

    private struct State {
        var waiting: [RunReference] = []
        var underWay = 0
    }

    private let store: any ResourceStore
    private let mailbox: Mailbox
    private let mayAct: @Sendable () -> Bool
    private let state = Mutex(State())
    private let signal: AsyncStream<Void>.Continuation
    private let signals: AsyncStream<Void>

    init(store: any ResourceStore, mailbox: Mailbox, mayAct: @escaping @Sendable () -> Bool) {
        self.store = store
        self.mailbox = mailbox
        self.mayAct = mayAct
        (signals, signal) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    func put(_ runs: [RunReference]) {
        state.withLock { $0.waiting += runs.reversed() }
        signal.yield()
    }

    /// Deletes until the task is cancelled.
    ///
    /// - Throws: `LeadershipLost`.
    func run() async throws {
        try await withThrowingDiscardingTaskGroup { group in
            for await _ in signals {
                while let run = begin() {
                    group.addTask { try await self.delete(run) }
                }
            }
        }
    }

    private func begin() -> RunReference? {
        state.withLock { state in
            guard state.underWay < Self.calls, let run = state.waiting.popLast() else { return nil }
            state.underWay += 1
            return run
        }
    }

    private func next() -> RunReference? {
        state.withLock { state in
            let run = Task.isCancelled ? nil : state.waiting.popLast()
            if run == nil { state.underWay -= 1 }
            return run
        }
    }

    private func delete(_ first: RunReference) async throws {
        var next: RunReference? = first
        while let run = next {
            guard mayAct() else {
                signal.finish()
                throw LeadershipLost()
            }
            let outcome = await store.delete(run)
            mailbox.put(.deleted(uid: run.uid, outcome))
            next = self.next()
        }
    }
}
