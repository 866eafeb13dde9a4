import Glibc

/// Ports of 127.0.0.1.
package enum LoopbackPort {
    /// A port that nobody listens on at the moment.
    ///
    /// By chance, and from below those that the system gives to outgoing connections: so two test processes that look
    /// at the same time seldom find the same one. Where they do, the server that comes second says so and is tried anew.
    static func free() throws(ClusterError) -> UInt16 {
        for _ in 0..<200 {
            let port = UInt16.random(in: 20_000...32_000)
            if isFree(port) { return port }
        }
        throw ClusterError("no free port from 20000 to 32000 on 127.0.0.1")
    }

    private static func isFree(_ port: UInt16) -> Bool {
        withSocket(port) { socket, address, length in
            // As servers do, so that connections of an earlier one that have yet to end don't count.
            var yes: Int32 = 1
            setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
            return bind(socket, address, length) == 0
        }
    }

    /// Whether somebody listens.
    package static func answers(_ port: UInt16) -> Bool {
        withSocket(port) { socket, address, length in connect(socket, address, length) == 0 }
    }

    private static func withSocket(
        _ port: UInt16, _ body: (Int32, UnsafePointer<sockaddr>, socklen_t) -> Bool
    ) -> Bool {
        let number = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard number >= 0 else { return false }
        defer { close(number) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = in_addr_t(INADDR_LOOPBACK).bigEndian
        return withUnsafePointer(to: &address) { pointer in
            // A sockaddr_in is read as the sockaddr that it begins with, as the C interface wants it.
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                body(number, address, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }
}
