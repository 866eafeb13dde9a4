/// The time, and waiting, as a client uses them.
package struct ClientClock: Sendable {
    /// Since some fixed moment; it goes on while the machine sleeps.
    package var now: @Sendable () -> Duration
    /// False if the task was cancelled meanwhile.
    package var sleep: @Sendable (Duration) async -> Bool

    package init(now: @escaping @Sendable () -> Duration, sleep: @escaping @Sendable (Duration) async -> Bool) {
        self.now = now
        self.sleep = sleep
    }

    package static let system: ClientClock = {
        let clock = ContinuousClock()
        let start = clock.now
        return ClientClock(
            now: { clock.now - start },
            sleep: { duration in
                do {
                    try await clock.sleep(for: duration)
                    return true
                } catch {
                    return false
                }
            })
    }()
}

extension Duration {
    /// In whole microseconds.
    package var microseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1_000_000 + attoseconds / 1_000_000_000_000
    }
}
