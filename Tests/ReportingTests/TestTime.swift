import Model
import Synchronization

@testable import Reporting

/// Time that passes only when somebody sleeps, and as soon as somebody does.
final class TestTime: Sendable {
    private let state = Mutex<(now: Duration, sleeps: [Duration])>((.zero, []))

    var clock: ReportingClock {
        ReportingClock(
            now: { self.state.withLock { $0.now } },
            wall: { dawn.adding(microseconds: 125_000_000 + self.state.withLock { Self.microseconds($0.now) }) },
            sleep: { duration in
                self.state.withLock { state in
                    state.now += duration
                    state.sleeps.append(duration)
                }
                return !Task.isCancelled
            })
    }

    var now: Duration { state.withLock { $0.now } }

    func pass(_ duration: Duration) { state.withLock { $0.now += duration } }

    private static func microseconds(_ duration: Duration) -> Int64 {
        duration.components.seconds * 1_000_000 + duration.components.attoseconds / 1_000_000_000_000
    }
}
