internal import Glibc
internal import Synchronization

/// A request as it came, byte by byte.
package struct ReceivedRequest: Equatable, Sendable {
    /// Such as `GET /path HTTP/1.1`.
    package var line: String
    /// As they were written, without line ends.
    package var headers: [String]
    package var body: [UInt8]

    package var target: String { line.split(separator: " ").dropFirst().first.map(String.init) ?? "" }
    package var method: String { line.split(separator: " ").first.map(String.init) ?? "" }

    /// The value of a header, whatever its case.
    package subscript(name: String) -> String? {
        let prefix = name.lowercased() + ":"
        return headers.first { $0.lowercased().hasPrefix(prefix) }.map { header in
            String(header.dropFirst(prefix.count).drop { $0 == " " })
        }
    }
}

/// The server's end of a connection. Its calls block: they are for the script's thread.
package final class ServerConnection: Sendable {
    /// From 0, in the order of acceptance.
    package let number: Int
    private let socket: Int32
    private let isClosed = Mutex(false)

    init(_ socket: Int32, number: Int) {
        self.socket = socket
        self.number = number
    }

    /// The next request whole, or nil once the client has closed.
    package func request() -> ReceivedRequest? {
        var head: [UInt8] = []
        while !head.suffix(4).elementsEqual("\r\n\r\n".utf8) {
            guard let byte = read(1)?.first else { return nil }
            head.append(byte)
        }
        let lines = String(decoding: head, as: UTF8.self).split(separator: "\r\n").map(String.init)
        var request = ReceivedRequest(line: lines.first ?? "", headers: Array(lines.dropFirst()), body: [])
        let length = request["Content-Length"].flatMap { Int($0) } ?? 0
        while request.body.count < length {
            guard let bytes = read(length - request.body.count) else { return nil }
            request.body += bytes
        }
        return request
    }

    /// An HTTP/1.1 response with its length.
    package func respond(_ status: Int = 200, headers: [String] = [], _ body: String = "") {
        let head = ["HTTP/1.1 \(status) Whatever", "Content-Length: \(body.utf8.count)"] + headers
        write(head.joined(separator: "\r\n") + "\r\n\r\n" + body)
    }

    /// The beginning of a response in chunks.
    package func beginChunks(_ status: Int = 200) {
        write("HTTP/1.1 \(status) Whatever\r\nTransfer-Encoding: chunked\r\n\r\n")
    }

    package func chunk(_ text: String) { write("\(String(text.utf8.count, radix: 16))\r\n\(text)\r\n") }

    package func endChunks() { write("0\r\n\r\n") }

    /// False once the client has gone.
    @discardableResult
    package func write(_ text: String) -> Bool { write(Array(text.utf8)) }

    @discardableResult
    package func write(_ bytes: [UInt8]) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                send(socket, buffer.baseAddress?.advanced(by: sent), bytes.count - sent, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }

    /// Writes until nothing has gone out for a while, or all has.
    ///
    /// - Returns: How many bytes have gone out.
    package func writeUntilBlocked(_ bytes: [UInt8], milliseconds: Int32) -> Int {
        var sent = 0
        while sent < bytes.count {
            var polled = pollfd(fd: socket, events: Int16(POLLOUT), revents: 0)
            guard poll(&polled, 1, milliseconds) > 0 else { break }
            let count = bytes.withUnsafeBytes { buffer in
                send(
                    socket, buffer.baseAddress?.advanced(by: sent), bytes.count - sent,
                    Int32(MSG_NOSIGNAL | MSG_DONTWAIT))
            }
            guard count > 0 || errno == EAGAIN else { break }
            sent += max(0, count)
        }
        return sent
    }

    /// Returns once the client has closed its end.
    package func waitForEnd() {
        while read(1 << 16) != nil {}
    }

    /// Ends the connection at once, from any thread.
    package func cut() {
        isClosed.withLock { isClosed in
            if !isClosed { shutdown(socket, Int32(SHUT_RDWR)) }
        }
    }

    func close() {
        isClosed.withLock { isClosed in
            guard !isClosed else { return }
            isClosed = true
            // First: a program that was started meanwhile may hold the socket as well.
            shutdown(socket, Int32(SHUT_RDWR))
            Glibc.close(socket)
        }
    }

    private func read(_ limit: Int) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: limit)
        let count = recv(socket, &bytes, limit, 0)
        return count > 0 ? Array(bytes.prefix(count)) : nil
    }
}
