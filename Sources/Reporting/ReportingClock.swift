internal import Controller
package import Model

/// The time, and waiting, as notifications use them.
package struct ReportingClock: Sendable {
    /// Since some fixed moment; it goes on while the machine sleeps.
    package var now: @Sendable () -> Duration
    /// What the calendar says, for tokens and records.
    package var wall: @Sendable () -> Timestamp
    /// False if the task was cancelled meanwhile.
    package var sleep: @Sendable (Duration) async -> Bool

    package init(
        now: @escaping @Sendable () -> Duration, wall: @escaping @Sendable () -> Timestamp,
        sleep: @escaping @Sendable (Duration) async -> Bool
    ) {
        self.now = now
        self.wall = wall
        self.sleep = sleep
    }

    package static let system: ReportingClock = {
        let clock = ContinuousClock()
        let start = clock.now
        return ReportingClock(
            now: { clock.now - start }, wall: Timestamp.current,
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
