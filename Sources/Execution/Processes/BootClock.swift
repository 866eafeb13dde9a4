internal import Glibc

/// The time since the machine started, time asleep included. It never goes backwards.
package struct BootClock: Clock {
    package struct Instant: InstantProtocol, Sendable {
        package var sinceBoot: Duration

        package func advanced(by duration: Duration) -> Instant {
            Instant(sinceBoot: sinceBoot + duration)
        }

        package func duration(to other: Instant) -> Duration {
            other.sinceBoot - sinceBoot
        }

        package static func < (left: Instant, right: Instant) -> Bool {
            left.sinceBoot < right.sinceBoot
        }
    }

    package init() {}

    package var now: Instant {
        var time = timespec()
        clock_gettime(CLOCK_BOOTTIME, &time)
        return Instant(sinceBoot: .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec))
    }

    package var minimumResolution: Duration {
        .nanoseconds(1)
    }

    /// Sleeps at least that long. A machine that wakes up late is noticed late, by up to the time that was left.
    package func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        while true {
            let left = now.duration(to: deadline)
            guard left > .zero else { return }
            try await ContinuousClock().sleep(for: left, tolerance: tolerance)
        }
    }
}
