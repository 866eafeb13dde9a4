internal import Synchronization

/// What waits for the controller's loop. Anyone may put something in; the loop takes out all there is.
package final class Mailbox: Sendable {
    private struct State {
        var inputs: [ControllerInput] = []
        /// The uptime at which the first of them came.
        var since: Int64?

        mutating func append(_ input: ControllerInput) {
            if inputs.isEmpty { since = Moment.now.uptime }
            inputs.append(input)
        }
    }

    private let state = Mutex(State())
    private let signal: AsyncStream<Void>.Continuation
    let signals: AsyncStream<Void>

    package init() {
        // One pending signal is enough: it means "look".
        (signals, signal) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    func put(_ input: ControllerInput) {
        let wasEmpty = state.withLock { state in
            state.append(input)
            return state.inputs.count == 1
        }
        if wasEmpty { signal.yield() }
    }

    /// Takes what the channel delivers. Never blocks.
    package func put(_ events: [ChannelEvent]) {
        guard !events.isEmpty else { return }
        state.withLock { state in
            for event in events { state.append(.channel(event)) }
        }
        signal.yield()
    }

    func take() -> [ControllerInput] { takeAll().inputs }

    /// Takes out what is there, with the uptime at which the first of it came.
    func takeAll() -> (inputs: [ControllerInput], since: Int64?) {
        state.withLock { state in
            defer { state = State() }
            return (state.inputs, state.since)
        }
    }

    /// Has the loop take a step, whether anything has come or not.
    func signalLook() { signal.yield() }

    /// How many inputs wait for the loop, so that a channel can hold back.
    package var count: Int { state.withLock { $0.inputs.count } }

    func finish() { signal.finish() }
}
