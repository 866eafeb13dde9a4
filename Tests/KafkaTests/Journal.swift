import Synchronization

/// What handlers were told, for a test to wait on.
final class Journal<Entry: Sendable>: Sendable {
    struct TookTooLong: Error, CustomStringConvertible {
        let entries: [Entry]
        var description: String { "waited in vain; got \(entries.count): \(entries.suffix(10))" }
    }

    private struct Waiter {
        let number: Int
        let isSatisfied: @Sendable ([Entry]) -> Bool
        let continuation: CheckedContinuation<Bool, Never>
    }

    private struct State {
        var entries: [Entry] = []
        var waiters: [Waiter] = []
        var nextNumber = 0
    }

    private let state = Mutex(State())

    var entries: [Entry] { state.withLock { $0.entries } }

    func append(_ entry: Entry) { append(contentsOf: [entry]) }

    func append(contentsOf entries: [Entry]) {
        let satisfied = state.withLock { state in
            state.entries += entries
            let known = state.entries
            let satisfied = state.waiters.filter { $0.isSatisfied(known) }
            let numbers = satisfied.map(\.number)
            state.waiters.removeAll { numbers.contains($0.number) }
            return satisfied
        }
        for waiter in satisfied { waiter.continuation.resume(returning: true) }
    }

    /// Waits until the entries are as wanted. The limit is only there so that a broken test ends.
    @discardableResult
    func wait(
        limit: Duration = .seconds(30), until isSatisfied: @escaping @Sendable ([Entry]) -> Bool
    ) async throws -> [Entry] {
        let number = state.withLock { state in
            state.nextNumber += 1
            return state.nextNumber
        }
        let watchdog = Task {
            try await Task.sleep(for: limit)
            let late = state.withLock { state in
                let late = state.waiters.filter { $0.number == number }
                state.waiters.removeAll { $0.number == number }
                return late
            }
            for waiter in late { waiter.continuation.resume(returning: false) }
        }
        defer { watchdog.cancel() }
        let isFine = await withCheckedContinuation { continuation in
            let already = state.withLock { state in
                if isSatisfied(state.entries) { return true }
                state.waiters.append(Waiter(number: number, isSatisfied: isSatisfied, continuation: continuation))
                return false
            }
            if already { continuation.resume(returning: true) }
        }
        if !isFine { throw TookTooLong(entries: entries) }
        return entries
    }

    @discardableResult
    func wait(count: Int) async throws -> [Entry] { try await wait { $0.count >= count } }
}
