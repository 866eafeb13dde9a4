import Glibc
import Synchronization

/// The network between one process and its broker, for a test to cut: an address that stays, wherever the broker is.
///
/// A broker tells its clients its own address. The relay puts its own in the place of that, so that all connections of
/// the process come this way. One thread does everything, so a process that reads nothing holds up its own relay alone.
final class KafkaRelay: Sendable {
    enum Passage {
        case open
        /// As where packets get lost: connections stay, and nothing passes.
        case silent
        /// As where nobody listens: connections are cut, and none is accepted.
        case closed
    }

    private struct State {
        /// The broker's port.
        var target: UInt16
        var passage = Passage.open
        var isEnded = false
    }

    /// A client with its connection to the broker.
    private struct Line {
        let client: Int32
        let broker: Int32
        /// What the broker has sent of an answer that isn't whole yet.
        var part: [UInt8] = []
    }

    let port: UInt16
    private let state: Mutex<State>
    private let wakeUp: OpenPipe

    var address: String { "127.0.0.1:\(port)" }

    init(to address: String) throws {
        wakeUp = try OpenPipe()
        state = Mutex(State(target: try Self.port(of: address)))
        let first = try Self.boundSocket(0)
        defer { Glibc.close(first) }
        port = try Self.portNumber(of: first)
        // A socket that asked for its port keeps it when it stops listening, one that was given it doesn't.
        let socket = try Self.boundSocket(port)
        try startThread { [self] in serve(socket) }
    }

    func set(_ passage: Passage) { change { $0.passage = passage } }

    /// Leads to another broker from now on.
    func lead(to address: String) throws {
        let port = try Self.port(of: address)
        change { $0.target = port }
    }

    func end() { change { $0.isEnded = true } }

    private func change(_ body: (inout State) -> Void) {
        state.withLock { body(&$0) }
        wakeUp.raise()
    }

    // MARK: The thread

    private func serve(_ socket: Int32) {
        // Bound and not listening, it keeps the port and refuses everybody.
        var isListening = false
        var lines: [Line] = []
        while true {
            let now = state.withLock { (target: $0.target, passage: $0.passage, isEnded: $0.isEnded) }
            if now.isEnded || now.passage == .closed {
                for line in lines { Self.close(line) }
                lines = []
                if now.isEnded {
                    Glibc.close(socket)
                    return
                }
                // Not closed and bound anew: a process that is just being started holds a copy of the socket for a
                // moment, and as long as that one listens nobody can be bound to its port.
                if isListening { shutdown(socket, Int32(SHUT_RDWR)) }
                isListening = false
            } else if !isListening {
                isListening = listen(socket, 64) == 0
            }
            var polled = [pollfd(fd: wakeUp.read, events: Int16(POLLIN), revents: 0)]
            if now.passage == .open {
                polled.append(pollfd(fd: socket, events: Int16(POLLIN), revents: 0))
                for line in lines {
                    polled.append(pollfd(fd: line.client, events: Int16(POLLIN), revents: 0))
                    polled.append(pollfd(fd: line.broker, events: Int16(POLLIN), revents: 0))
                }
            }
            poll(&polled, nfds_t(polled.count), -1)
            if polled[0].revents != 0 { wakeUp.lower() }
            guard now.passage == .open else { continue }
            var kept: [Line] = []
            for (index, line) in lines.enumerated() {
                var line = line
                let isClientReady = polled[2 + 2 * index].revents != 0
                let isBrokerReady = polled[3 + 2 * index].revents != 0
                if (!isClientReady || Self.ask(line)) && (!isBrokerReady || answer(&line, target: now.target)) {
                    kept.append(line)
                } else {
                    Self.close(line)
                }
            }
            lines = kept
            if polled[1].revents != 0, let line = Self.accept(socket, target: now.target) { lines.append(line) }
        }
    }

    private static func ask(_ line: Line) -> Bool {
        guard let bytes = receive(line.client) else { return false }
        return send(bytes, to: line.broker)
    }

    /// Passes on whole answers, with the relay's address in the place of the broker's.
    private func answer(_ line: inout Line, target: UInt16) -> Bool {
        guard let bytes = Self.receive(line.broker) else { return false }
        line.part += bytes
        var start = 0
        while line.part.count - start >= 4 {
            let size = line.part[start..<start + 4].reduce(0) { $0 << 8 | Int($1) }
            guard line.part.count - start >= 4 + size else { break }
            start += 4 + size
        }
        var whole = Array(line.part[..<start])
        line.part.removeSubrange(..<start)
        Self.replace(Self.written(target), by: Self.written(port), in: &whole)
        return Self.send(whole, to: line.client)
    }

    /// An address as answers hold it: the host's text, and the port in four bytes.
    private static func written(_ port: UInt16) -> [UInt8] {
        Array("127.0.0.1".utf8) + [0, 0, UInt8(port >> 8), UInt8(port & 0xff)]
    }

    private static func replace(_ old: [UInt8], by new: [UInt8], in bytes: inout [UInt8]) {
        guard bytes.count >= old.count else { return }
        for place in 0...(bytes.count - old.count)
        where bytes[place] == old[0] && bytes[place..<place + old.count].elementsEqual(old) {
            bytes.replaceSubrange(place..<place + old.count, with: new)
        }
    }

    // MARK: Sockets

    private static func accept(_ socket: Int32, target: UInt16) -> Line? {
        let client = spawning.withLock { _ in
            let client = Glibc.accept(socket, nil, nil)
            if client >= 0 { _ = fcntl(client, F_SETFD, FD_CLOEXEC) }
            return client
        }
        guard client >= 0 else { return nil }
        let broker = newSocket()
        let isConnected = withAddress(target) { connect(broker, $0, $1) } == 0
        let line = Line(client: client, broker: broker)
        guard isConnected else {
            close(line)
            return nil
        }
        var on: Int32 = 1
        for end in [client, broker] {
            setsockopt(end, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
        }
        return line
    }

    private static func close(_ line: Line) {
        Glibc.close(line.client)
        Glibc.close(line.broker)
    }

    private static func receive(_ socket: Int32) -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: 65536)
        let count = recv(socket, &buffer, buffer.count, 0)
        return count > 0 ? Array(buffer[..<count]) : nil
    }

    private static func send(_ bytes: [UInt8], to socket: Int32) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                // In bounds: `sent` never exceeds the count.
                Glibc.send(
                    socket, buffer.baseAddress.map { $0 + sent }, buffer.count - sent, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }

    private static func newSocket() -> Int32 {
        socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    }

    private static func boundSocket(_ port: UInt16) throws -> Int32 {
        let bound = newSocket()
        var on: Int32 = 1
        setsockopt(bound, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
        guard withAddress(port, { bind(bound, $0, $1) }) == 0 else { throw Unmet("no port for a relay: \(errno)") }
        return bound
    }

    private static func portNumber(of socket: Int32) throws -> UInt16 {
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = withUnsafeMutablePointer(to: &address) { pointer in
            // The system writes an address of the family that it names, no more than the size given.
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(socket, $0, &length) }
        }
        guard code == 0 else { throw Unmet("a relay's port can't be found out: \(errno)") }
        return UInt16(bigEndian: address.sin_port)
    }

    private static func withAddress(_ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return withUnsafePointer(to: &address) { pointer in
            // The system reads an address of the family and size given.
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }

    private static func port(of address: String) throws -> UInt16 {
        guard let port = address.split(separator: ":").last.flatMap({ UInt16($0) }) else {
            throw Unmet("no address: \(address)")
        }
        return port
    }
}

/// Wakes a thread that waits in `poll`.
final class OpenPipe: Sendable {
    let read: Int32
    private let write: Int32

    init() throws {
        (read, write) = try spawning.withLock { _ in try makePipe() }
        // Several calls before the thread looks are as good as one.
        for end in [read, write] { _ = fcntl(end, F_SETFL, O_NONBLOCK) }
    }

    deinit {
        close(read)
        close(write)
    }

    func raise() {
        var byte: UInt8 = 1
        _ = Glibc.write(write, &byte, 1)
    }

    func lower() {
        var bytes = [UInt8](repeating: 0, count: 64)
        while Glibc.read(read, &bytes, bytes.count) > 0 {}
    }
}
