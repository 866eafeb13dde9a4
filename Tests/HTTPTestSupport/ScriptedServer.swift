internal import Glibc
internal import Synchronization
internal import Threads

/// A server on a free port of 127.0.0.1 that does with each connection what a script says, on a thread of its own.
///
/// It ends with its last reference; connections that are open then are cut.
package final class ScriptedServer: Sendable {
    package let port: UInt16
    private let listener: Int32
    private let state: Mutex<State>

    private struct State {
        var connections: [ServerConnection] = []
        var isStopped = false
    }

    package struct Failure: Error {
        package var code: Int32
    }

    /// - Parameter script: Called with each connection, which is closed when it returns. They are numbered from 0.
    package init(_ script: @escaping @Sendable (ServerConnection) -> Void) throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard listener >= 0 else { throw Failure(code: errno) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(INADDR_LOOPBACK).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) { pointer in
            // A sockaddr_in is read as the sockaddr that it begins with, as the C interface wants it.
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(listener, address, length) | listen(listener, 128) | getsockname(listener, address, &length)
            }
        }
        guard result == 0 else {
            close(listener)
            throw Failure(code: errno)
        }
        self.listener = listener
        port = UInt16(bigEndian: address.sin_port)
        state = Mutex(State())
        // Weak, or the thread would keep the server, and the server the thread.
        NamedThread.startOrTrap("test-server") { [weak self] in
            while true {
                let socket = accept(listener, nil, nil)
                guard socket >= 0, let self else {
                    if socket >= 0 { close(socket) }
                    break
                }
                guard let connection = self.add(socket) else { continue }
                NamedThread.startOrTrap("test-connection") {
                    script(connection)
                    connection.close()
                }
            }
            close(listener)
        }
    }

    deinit {
        stop()
    }

    /// `http://127.0.0.1:PORT`.
    package var url: String { "http://127.0.0.1:\(port)" }

    /// How many connections there have been.
    package var accepted: Int { state.withLock { $0.connections.count } }

    /// Takes no more connections, and cuts those that are there.
    package func stop() {
        let connections = state.withLock { state in
            defer { state.isStopped = true }
            return state.isStopped ? nil : state.connections
        }
        guard let connections else { return }
        // Wakes the thread that accepts, which closes it.
        shutdown(listener, Int32(SHUT_RDWR))
        for connection in connections { connection.cut() }
    }

    private func add(_ socket: Int32) -> ServerConnection? {
        state.withLock { state in
            guard !state.isStopped else {
                close(socket)
                return nil
            }
            let connection = ServerConnection(socket, number: state.connections.count)
            state.connections.append(connection)
            return connection
        }
    }
}
