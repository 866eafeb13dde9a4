internal import Synchronization

/// Passes on what comes to a receiver that is named later: a channel and its user each need the other to be made.
final class Relay<Event: Sendable>: Sendable {
    private let receiver = Mutex<(@Sendable (Event) -> Void)?>(nil)

    func connect(_ receiver: @escaping @Sendable (Event) -> Void) {
        self.receiver.withLock { $0 = receiver }
    }

    func pass(_ event: Event) {
        receiver.withLock { $0 }?(event)
    }
}
