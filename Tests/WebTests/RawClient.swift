import NIOCore
import NIOPosix

/// A client that sends bytes as they are, and reads what comes.
enum RawClient {
    struct Response: Equatable, Sendable {
        var status: Int
        /// Names in lower case; looked up only.
        var headers: [String: String]
        var body: String
    }

    /// Sends bytes over a connection of their own, and reads until the server closes it.
    static func bytes(_ port: Int, sending parts: [UInt8]) async throws -> [UInt8] {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        return try await channel.executeThenClose { inbound, outbound in
            // A server that has heard enough may close before all is sent.
            try? await outbound.write(ByteBuffer(bytes: parts))
            var received: [UInt8] = []
            do {
                for try await part in inbound { received.append(contentsOf: part.readableBytesView) }
            } catch is IOError {
                // It closed with bytes of ours unread.
            }
            return received
        }
    }

    static func response(_ port: Int, sending bytes: [UInt8]) async throws -> Response? {
        Self.parse(try await Self.bytes(port, sending: bytes))
    }

    /// One request on a connection that ends with it.
    static func request(
        _ port: Int, _ method: String, _ path: String, headers: [(String, String)] = [], body: [UInt8]? = nil
    ) async throws -> Response? {
        try await response(port, sending: head(method, path, headers, count: body?.count) + (body ?? []))
    }

    static func head(
        _ method: String, _ path: String, _ headers: [(String, String)], count: Int?, closes: Bool = true
    ) -> [UInt8] {
        var text = "\(method) \(path) HTTP/1.1\r\nHost: localhost\r\n"
        if closes { text += "Connection: close\r\n" }
        if let count { text += "Content-Length: \(count)\r\n" }
        for (name, value) in headers { text += "\(name): \(value)\r\n" }
        return Array((text + "\r\n").utf8)
    }

    /// The first response of what was received; nil where there is none.
    static func parse(_ bytes: [UInt8]) -> Response? {
        let end = Array("\r\n\r\n".utf8)
        guard let split = bytes.indices.first(where: { bytes[$0...].starts(with: end) }) else { return nil }
        let lines = String(decoding: bytes[..<split], as: UTF8.self).split(separator: "\r\n")
        guard let first = lines.first, first.split(separator: " ").count > 1,
            let status = Int(first.split(separator: " ")[1])
        else { return nil }
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2 else { continue }
            headers[parts[0].lowercased()] = String(parts[1].drop { $0 == " " })
        }
        return Response(
            status: status, headers: headers, body: String(decoding: bytes[(split + 4)...], as: UTF8.self))
    }
}
