package import Model

/// A moment by both of an agent's clocks.
package struct AgentTime: Equatable, Sendable {
    /// For what people see.
    package var wall: Timestamp
    /// Microseconds of a clock that only goes forward and goes on while the machine sleeps: for everything that is
    /// measured.
    package var uptime: Int64

    package init(wall: Timestamp, uptime: Int64) {
        self.wall = wall
        self.uptime = uptime
    }
}

func seconds(_ count: Int) -> Int64 { Int64(count) * 1_000_000 }
