internal import Synchronization
internal import Threads

/// Calls back at an uptime, on a thread of its own, once for each time it is set.
///
/// The kernel stops its wait while the machine sleeps, so that after a sleep it comes late by what was left: an agent
/// is never more than a presence's interval away from looking at the clock.
final class BootTimer: Sendable {
    private struct State {
        var deadline: Int64?
        var isClosed = false
    }

    private let state = Mutex(State())
    private let pipe = WakePipe()

    func start(_ fire: @escaping @Sendable () -> Void) {
        NamedThread.startOrTrap("martlet-timer") { [self] in
            while wait() { fire() }
        }
    }

    /// Whether the time has come; false once the timer has been closed.
    private func wait() -> Bool {
        while true {
            let now = AgentTime.now().uptime
            let (isClosed, isDue, left) = state.withLock { state -> (Bool, Bool, Int64?) in
                guard let deadline = state.deadline else { return (state.isClosed, false, nil) }
                if deadline <= now { state.deadline = nil }
                return (state.isClosed, deadline <= now, deadline - now)
            }
            if isClosed { return false }
            if isDue { return true }
            pipe.wait(atMost: left)
        }
    }

    /// Replaces the time set before.
    func set(at uptime: Int64) {
        let isEarlier = state.withLock { state in
            let old = state.deadline
            state.deadline = uptime
            return old.map { uptime < $0 } ?? true
        }
        // A thread that wakes too early looks at the new time by itself.
        if isEarlier { pipe.wake() }
    }

    func close() {
        state.withLock { $0.isClosed = true }
        pipe.wake()
    }
}
