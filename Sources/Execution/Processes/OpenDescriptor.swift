internal import CSupervisor
internal import Glibc

/// A file descriptor that is closed when nobody refers to it any more.
final class OpenDescriptor: Sendable {
    let number: Int32

    init(_ number: Int32) {
        self.number = number
    }

    deinit {
        close(number)
    }

    /// Both ends of a pipe: what is written to the second is read from the first, which never blocks.
    static func pipe() throws(SystemError) -> (reading: OpenDescriptor, writing: OpenDescriptor) {
        var (reading, writing): (Int32, Int32) = (-1, -1)
        let result = supervisor_pipe(&reading, &writing)
        guard result == 0 else { throw SystemError("pipe", code: -result) }
        return (OpenDescriptor(reading), OpenDescriptor(writing))
    }

    /// Both ends of a socket that keeps messages apart.
    static func messageSocket() throws(SystemError) -> (OpenDescriptor, OpenDescriptor) {
        var ends: [Int32] = [-1, -1]
        let kind = Int32(SOCK_SEQPACKET.rawValue | SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else { throw SystemError("socketpair") }
        return (OpenDescriptor(ends[0]), OpenDescriptor(ends[1]))
    }

    static func opening(_ path: String, _ flags: Int32, mode: mode_t = 0o600) throws(SystemError) -> OpenDescriptor {
        let number = open(path, flags | O_CLOEXEC, mode)
        guard number >= 0 else { throw SystemError("open \(path)") }
        return OpenDescriptor(number)
    }
}
