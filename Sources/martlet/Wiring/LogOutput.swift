internal import Glibc
internal import Synchronization

/// Where a process's log goes: one line after the other, each whole.
///
/// Nobody waits for a reader that is gone, nor for long for one that doesn't read: what can't be written within a second
/// is left out, further lines at once until there is room again, and the next one that gets through says how many.
/// Whoever writes to a pipe has to ignore SIGPIPE.
final class LogOutput: Sendable {
    /// What a pipe takes at once, whole, when it says that it can be written to.
    private static let piece = Int(PIPE_BUF)

    private struct State {
        var isStalled = false
        /// Whether a line was left unfinished.
        var isTorn = false
        var leftOut = 0
    }

    static let standardError = LogOutput(STDERR_FILENO)

    private let file: Int32
    private let patience: Int32
    private let state = Mutex(State())

    /// - Parameter patience: How long a line waits for room at first, in milliseconds.
    init(_ file: Int32, patience: Int32 = 1000) {
        self.file = file
        self.patience = patience
    }

    /// Gives how many lines have been left out, for the next one to say. To be followed by `write`.
    func takeLeftOut() -> Int {
        state.withLock { state in
            defer { state.leftOut = 0 }
            return state.leftOut
        }
    }

    /// Writes a line, which ends with a line end.
    ///
    /// - Parameter leftOut: What the line says of others, which is to be said again if it doesn't get through.
    func write(_ line: [UInt8], leftOut: Int) {
        state.withLock { state in
            if !put(state.isTorn ? [UInt8(ascii: "\n")] + line : line, &state) { state.leftOut += leftOut + 1 }
        }
    }

    private func put(_ bytes: [UInt8], _ state: inout State) -> Bool {
        var start = 0
        while start < bytes.count {
            guard isWritable(within: state.isStalled ? 0 : patience) else {
                state.isStalled = true
                if start > 0 { state.isTorn = true }
                return false
            }
            state.isStalled = false
            let end = min(start + Self.piece, bytes.count)
            let count = bytes[start..<end].withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            if count < 0 {
                if errno == EINTR || errno == EAGAIN { continue }
                if start > 0 { state.isTorn = true }
                return false
            }
            start += count
        }
        state.isTorn = false
        return true
    }

    private func isWritable(within milliseconds: Int32) -> Bool {
        var place = pollfd(fd: file, events: Int16(POLLOUT), revents: 0)
        while true {
            let count = poll(&place, 1, milliseconds)
            if count < 0, errno == EINTR { continue }
            // Of a reader that is gone it says so; the write then fails at once.
            return count > 0
        }
    }
}
