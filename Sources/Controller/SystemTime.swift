internal import Glibc
package import Model

/// The machine's clocks. The core doesn't ask them: it is told the time.
extension Moment {
    package static var now: Moment {
        Moment(
            wall: Timestamp(microseconds: microseconds(of: CLOCK_REALTIME)),
            uptime: microseconds(of: CLOCK_MONOTONIC))
    }

    private static func microseconds(of clock: clockid_t) -> Int64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000
    }
}

extension Timestamp {
    /// What the calendar says now.
    package static func current() -> Timestamp { Moment.now.wall }
}
