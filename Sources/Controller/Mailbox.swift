internal import Synchronization

/// What waits for the controller's loop. Anyone may put something in; the loop takes out all there is.
package final class Mailbox: Sendable {
    private let inputs = Mutex<[ControllerInput]>([])
    private let signal: AsyncStream<Void>.Continuation
    let signals: AsyncStream<Void>

    package init() {
        // One pending signal is enough: it means "look".
        (signals, signal) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    func put(_ input: ControllerInput) {
        let wasEmpty = inputs.withLock { inputs in
            inputs.append(input)
            return inputs.count == 1
        }
        if wasEmpty { signal.yield() }
    }

    /// Takes what the channel delivers. Never blocks.
    package func put(_ events: [ChannelEvent]) {
        guard !events.isEmpty else { return }
        inputs.withLock { inputs in
            for event in events { inputs.append(.channel(event)) }
        }
        signal.yield()
    }

    func take() -> [ControllerInput] {
        inputs.withLock { inputs in
            let taken = inputs
            inputs = []
            return taken
        }
    }

    /// How many inputs wait for the loop, so that a channel can hold back.
    package var count: Int { inputs.withLock { $0.count } }

    func finish() { signal.finish() }
}
