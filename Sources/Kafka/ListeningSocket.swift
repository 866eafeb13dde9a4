import Glibc

/// The socket on which a server in this process listens, which the server doesn't tell.
enum ListeningSocket {
    /// Mends two things about it. It has the connections that it accepts from now on send small answers at once.
    ///
    /// librdkafka's mock cluster leaves Nagle's algorithm on: its second answer on a connection waits until the first has
    /// been acknowledged, which the other side delays by 40 ms. On Linux accepted sockets inherit the option from the
    /// listening one. Where none is found nothing is changed: answers are slower then, and still right.
    ///
    /// It is also kept from programs that this process starts: one that inherited it would go on listening when the
    /// cluster doesn't, and librdkafka would abort when it can't listen there again.
    static func tune(port: UInt16) {
        for descriptor in descriptors() where isListening(descriptor, on: port) {
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            var on: Int32 = 1
            setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
        }
    }

    private static func descriptors() -> [Int32] {
        guard let folder = opendir("/proc/self/fd") else { return [] }
        defer { closedir(folder) }
        var found: [Int32] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: entry.pointee.d_name) { pointer in
                // The name is a C string within an array of fixed size.
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if let number = Int32(name) { found.append(number) }
        }
        return found
    }

    private static func isListening(_ descriptor: Int32, on port: UInt16) -> Bool {
        var listens: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        guard getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0, listens != 0 else {
            return false
        }
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let known = withUnsafeMutablePointer(to: &address) { pointer in
            // The system writes an address of the family that it names, no more than the size given.
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
        }
        return known == 0 && address.sin_family == sa_family_t(AF_INET) && UInt16(bigEndian: address.sin_port) == port
    }
}
