internal import Synchronization

/// Passes on what comes to a receiver that is named later: a channel and its user each need the other to be made.
final class Relay<Event: Sendable>: Sendable {
    /// A closure that is itself what a mutex holds is wrapped once more by each look at it: a chain that grows with every
    /// event, until it overflows the stack.
    private final class Receiver: Sendable {
        let take: @Sendable (Event) -> Void

        init(_ take: @escaping @Sendable (Event) -> Void) {
            self.take = take
        }
    }

    private let receiver = Mutex<Receiver?>(nil)

    func connect(_ receiver: @escaping @Sendable (Event) -> Void) {
        self.receiver.withLock { $0 = Receiver(receiver) }
    }

    func pass(_ event: Event) {
        receiver.withLock { $0 }?.take(event)
    }
}
