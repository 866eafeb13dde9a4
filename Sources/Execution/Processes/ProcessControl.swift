internal import CSupervisor
internal import Glibc
internal import Synchronization

/// The agent's side of one supervisor: orders go out from any thread, at once and without waiting.
final class ProcessControl: Sendable {
    let socket: OpenDescriptor
    /// Goes off when the program's time is over, and again when its grace is.
    let timer: OpenDescriptor
    private let grace: Duration

    private struct State {
        var cause: ProcessExit.Cause?
        var isEnding = false
        var hasEnded = false
    }
    private let state = Mutex(State())

    init(socket: OpenDescriptor, timeout: Duration?, grace: Duration) throws(SystemError) {
        self.socket = socket
        self.grace = grace
        let number = timerfd_create(CLOCK_BOOTTIME, Int32(TFD_CLOEXEC | TFD_NONBLOCK))
        guard number >= 0 else { throw SystemError("timerfd_create") }
        timer = OpenDescriptor(number)
        if let timeout { arm(timeout) }
    }

    /// Why the program ended, as far as this side knows.
    var cause: ProcessExit.Cause {
        state.withLock { $0.cause ?? .itself }
    }

    func ended() {
        state.withLock { $0.hasEnded = true }
    }

    func terminate(grace: Duration, cause: ProcessExit.Cause = .terminated) {
        let isFirst = state.withLock { state in
            guard !state.hasEnded, !state.isEnding else { return false }
            state.isEnding = true
            state.cause = state.cause ?? cause
            return true
        }
        guard isFirst else { return }
        guard grace > .zero else { return send(SUPERVISOR_KILL) }
        send(SUPERVISOR_TERMINATE)
        arm(grace)
    }

    func kill() {
        let isAlive = state.withLock { state in
            guard !state.hasEnded else { return false }
            state.isEnding = true
            state.cause = state.cause ?? .killed
            return true
        }
        if isAlive { send(SUPERVISOR_KILL) }
    }

    /// The timer went off.
    func timeIsOver() {
        var count: UInt64 = 0
        guard read(timer.number, &count, 8) == 8 else { return }
        if state.withLock({ $0.isEnding }) {
            kill()
        } else {
            terminate(grace: grace, cause: .timeout)
        }
    }

    private func send(_ order: supervisor_order) {
        var byte = UInt8(truncatingIfNeeded: order.rawValue)
        // A supervisor that is gone has nothing left to end.
        _ = Glibc.send(socket.number, &byte, 1, Int32(MSG_NOSIGNAL | MSG_DONTWAIT))
    }

    private func arm(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        var time = itimerspec()
        time.it_value.tv_sec = Int(max(0, seconds))
        // All zero would disarm it.
        time.it_value.tv_nsec = Int(max(seconds > 0 ? 0 : 1, attoseconds / 1_000_000_000))
        timerfd_settime(timer.number, 0, &time, nil)
    }
}
