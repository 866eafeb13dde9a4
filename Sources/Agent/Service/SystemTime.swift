internal import Glibc
internal import Model

extension AgentTime {
    /// The clocks of this machine; the second counts suspend.
    static func now() -> AgentTime {
        AgentTime(wall: Timestamp(microseconds: read(CLOCK_REALTIME)), uptime: read(CLOCK_BOOTTIME))
    }

    private static func read(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000
    }
}
