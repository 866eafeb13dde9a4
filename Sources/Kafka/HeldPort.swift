import Glibc

/// A port of 127.0.0.1 that is bound and answers nobody, until it is released.
///
/// While the embedded broker is down its port would be free: an outgoing connection of anyone on the machine may be given
/// it, even one to that very port, which then connects to itself; and librdkafka aborts the process when it can't listen
/// there again.
final class HeldPort: Sendable {
    private let descriptor: Int32

    /// - Throws: `KafkaError` while somebody else has the port.
    init(_ port: UInt16) throws(KafkaError) {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var on: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let bound = withUnsafePointer(to: &address) { pointer in
            // The system reads an address of the family and size given.
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard bound == 0 else {
            throw KafkaError(.failed, "somebody else has taken the port \(port) of the embedded broker meanwhile")
        }
    }

    deinit { close(descriptor) }
}
