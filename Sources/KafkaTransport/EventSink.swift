import Synchronization

/// Hands events to one handler, one call at a time and in the order in which they were put in, from any thread.
///
/// Whoever finds the handler at rest delivers, on its own thread; the others leave theirs with it and go on.
final class EventSink<Event: Sendable>: Sendable {
    private struct State {
        var pending: [Event] = []
        var isDelivering = false
    }

    private let state = Mutex(State())
    private let handler: @Sendable ([Event]) -> Void

    init(_ handler: @escaping @Sendable ([Event]) -> Void) {
        self.handler = handler
    }

    func emit(_ event: Event) { emit { $0.append(event) } }

    /// Adds events under the lock, so that what decides about them can have the same order.
    func emit(_ add: (inout [Event]) -> Void) {
        let mine = state.withLock { state in
            add(&state.pending)
            if state.isDelivering || state.pending.isEmpty { return false }
            state.isDelivering = true
            return true
        }
        guard mine else { return }
        while true {
            let events = state.withLock { state in
                defer { state.pending = [] }
                state.isDelivering = !state.pending.isEmpty
                return state.pending
            }
            if events.isEmpty { return }
            handler(events)
        }
    }
}
