import Synchronization

/// Keeps events, and resumes whoever waits for some.
final class EventLog<Event: Sendable>: Sendable {
    private struct State {
        var events: [Event] = []
        /// Each says whether its wait is over.
        var waiters: [@Sendable ([Event]) -> Bool] = []
    }

    private let state = Mutex(State())

    var events: [Event] { state.withLock { $0.events } }

    func add(_ events: [Event]) {
        state.withLock { state in
            state.events += events
            state.waiters.removeAll { $0(state.events) }
        }
    }

    func add(_ event: Event) { add([event]) }

    /// Waits until there is a value to be had from the events.
    func value<Value: Sendable>(_ extract: @escaping @Sendable ([Event]) -> Value?) async -> Value {
        await withCheckedContinuation { continuation in
            state.withLock { state in
                let waiter: @Sendable ([Event]) -> Bool = { events in
                    guard let value = extract(events) else { return false }
                    continuation.resume(returning: value)
                    return true
                }
                if !waiter(state.events) { state.waiters.append(waiter) }
            }
        }
    }

    func wait(until isThere: @escaping @Sendable ([Event]) -> Bool) async {
        await value { isThere($0) ? () : nil }
    }
}
