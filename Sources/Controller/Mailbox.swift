internal import Synchronization

/// What waits for the controller's loop. Anyone may put something in; the loop takes out all there is.
final class Mailbox: Sendable {
    private let inputs = Mutex<[ControllerInput]>([])
    private let signal: AsyncStream<Void>.Continuation
    let signals: AsyncStream<Void>

    init() {
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

    func take() -> [ControllerInput] {
        inputs.withLock { inputs in
            let taken = inputs
            inputs = []
            return taken
        }
    }

    var count: Int { inputs.withLock { $0.count } }

    func finish() { signal.finish() }
}
