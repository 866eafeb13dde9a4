internal import Glibc

/// Lets one thread wait until another wakes it, or a time has passed.
package final class WakePipe: Sendable {
    private let reading: Int32
    private let writing: Int32

    package init() {
        var ends: [Int32] = [-1, -1]
        // A socket rather than a pipe, for the flags: no program that is started meanwhile may inherit it.
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        let result = socketpair(AF_UNIX, kind, 0, &ends)
        precondition(result == 0, "cannot make a socket: error \(errno)")
        (reading, writing) = (ends[0], ends[1])
    }

    deinit {
        close(reading)
        close(writing)
    }

    /// Remembered where nobody waits. A pipe that is full will wake its reader anyway.
    package func wake() {
        var byte: UInt8 = 1
        _ = write(writing, &byte, 1)
    }

    /// Blocks until it is woken, or for that many microseconds.
    package func wait(atMost microseconds: Int64? = nil) {
        var polled = pollfd(fd: reading, events: Int16(POLLIN), revents: 0)
        // Rounded up, so that nobody looks at the clock again and again in the last millisecond.
        let milliseconds = microseconds.map { Int32(clamping: max(0, $0).advanced(by: 999) / 1000) }
        poll(&polled, 1, milliseconds ?? -1)
        var bytes: (UInt64, UInt64) = (0, 0)
        while read(reading, &bytes, 16) == 16 {}
    }
}
