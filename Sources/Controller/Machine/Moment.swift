package import Model

/// A moment by both clocks.
package struct Moment: Equatable, Sendable {
    /// For what people and statuses see.
    package var wall: Timestamp
    /// Microseconds of a clock that only goes forward: for leases and deadlines.
    package var uptime: Int64

    package init(wall: Timestamp, uptime: Int64) {
        self.wall = wall
        self.uptime = uptime
    }

    /// The uptime at which the wall clock will show `time`, if nobody sets it.
    func uptime(at time: Timestamp) -> Int64 {
        let (sum, overflow) = uptime.addingReportingOverflow(time.since(wall))
        return overflow ? .max : sum
    }
}

func seconds(_ count: Int) -> Int64 { Int64(count) * 1_000_000 }
