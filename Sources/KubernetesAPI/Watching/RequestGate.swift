internal import Synchronization

/// Lets requests through, a number of them at once, and none while it is closed.
///
/// A list that takes its time while objects are written may show any of them older than what an answer has said; which
/// ones, opaque versions can't tell. So whoever follows and writes the same objects closes the gate while it lists:
/// the list begins when the last request has ended, and the next request goes out when the list has been reported.
package final class RequestGate: Sendable {
    private struct State {
        var active = 0
        var isClosed = false
        /// Those who wait to get through, in order.
        var waiting: [CheckedContinuation<Void, Never>] = []
        /// The one who closes it, until the last has left.
        var closing: CheckedContinuation<Void, Never>?

        /// Who may get through now.
        mutating func admit(_ limit: Int) -> [CheckedContinuation<Void, Never>] {
            guard !isClosed else { return [] }
            let count = min(limit - active, waiting.count)
            guard count > 0 else { return [] }
            active += count
            defer { waiting.removeFirst(count) }
            return Array(waiting.prefix(count))
        }
    }

    private let limit: Int
    private let state = Mutex(State())

    /// - Parameter limit: How many may be through at once.
    package init(limit: Int) {
        self.limit = limit
    }

    /// Waits until it may go through; to be followed by `leave`.
    package func enter() async {
        await withCheckedContinuation { continuation in
            let admitted = state.withLock { state in
                state.waiting.append(continuation)
                return state.admit(limit)
            }
            for one in admitted { one.resume() }
        }
    }

    package func leave() {
        let (admitted, closing) = state.withLock { state in
            state.active -= 1
            let closing = state.active == 0 ? state.closing : nil
            if closing != nil { state.closing = nil }
            return (state.admit(limit), closing)
        }
        for one in admitted { one.resume() }
        closing?.resume()
    }

    /// Keeps everybody out, and returns when the last has left. Only one may close it at a time.
    package func close() async {
        await withCheckedContinuation { continuation in
            let isEmpty = state.withLock { state in
                state.isClosed = true
                if state.active > 0 { state.closing = continuation }
                return state.active == 0
            }
            if isEmpty { continuation.resume() }
        }
    }

    package func open() {
        let admitted = state.withLock { state in
            state.isClosed = false
            return state.admit(limit)
        }
        for one in admitted { one.resume() }
    }
}
