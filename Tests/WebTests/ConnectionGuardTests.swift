import HTTPTypes
import NIOCore
import NIOEmbedded
import NIOHTTP1
import NIOHTTPTypes
import Testing

@testable import Web

@Suite("Slow and oversized clients")
struct ConnectionGuardTests {
    /// A connection in a time of its own, with only the guard on it.
    private struct Connection {
        let loop = EmbeddedEventLoop()
        let channel: EmbeddedChannel

        init() throws {
            var limits = WebLimits()
            limits.reading = .seconds(30)
            limits.writing = .seconds(20)
            channel = EmbeddedChannel(handler: ConnectionGuard(limits: limits), loop: loop)
            try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        }

        /// One at a time: Swift 6.3's optimiser destroys an array of parts wrongly.
        func receive(_ part: HTTPRequestPart) throws { try channel.writeInbound(part) }

        func answer(_ status: Int = 200, closing: Bool = false) throws {
            let fields: HTTPFields = closing ? [.connection: "close"] : [:]
            try channel.writeOutbound(
                HTTPResponsePart.head(HTTPResponse(status: .init(code: status), headerFields: fields)))
            try channel.writeOutbound(HTTPResponsePart.end(nil))
        }

        /// The statuses of the answers written so far.
        func statuses() throws -> [Int] {
            var statuses: [Int] = []
            while let part = try channel.readOutbound(as: HTTPResponsePart.self) {
                if case .head(let head) = part { statuses.append(head.status.code) }
            }
            return statuses
        }
    }

    private static let head = HTTPRequestPart.head(
        HTTPRequest(method: .post, scheme: "http", authority: "x", path: "/"))
    private static let piece = HTTPRequestPart.body(ByteBuffer(string: "x"))

    @Test func `a body that comes in drops has its time as a whole`() throws {
        let connection = try Connection()
        try connection.receive(Self.head)
        for _ in 0..<29 {
            connection.loop.advanceTime(by: .seconds(1))
            try connection.receive(Self.piece)
        }
        #expect(try connection.statuses() == [])
        connection.loop.advanceTime(by: .seconds(1))
        #expect(try connection.statuses() == [408])
        connection.loop.advanceTime(by: .seconds(1))
        #expect(!connection.channel.isActive)
    }

    @Test func `a request that has come in time may be answered late`() throws {
        let connection = try Connection()
        try connection.receive(Self.head)
        try connection.receive(Self.piece)
        try connection.receive(.end(nil))
        connection.loop.advanceTime(by: .minutes(10))
        #expect(connection.channel.isActive)
        try connection.answer()
        connection.loop.advanceTime(by: .minutes(10))
        #expect(connection.channel.isActive)
        #expect(try connection.statuses() == [200])
    }

    @Test func `an answer that isn't taken ends the connection`() throws {
        let connection = try Connection()
        try connection.receive(Self.head)
        try connection.receive(.end(nil))
        try connection.channel.writeOutbound(HTTPResponsePart.head(HTTPResponse(status: .ok)))
        connection.loop.advanceTime(by: .seconds(19))
        #expect(connection.channel.isActive)
        connection.loop.advanceTime(by: .seconds(1))
        #expect(!connection.channel.isActive)
    }

    @Test func `headers that are too large are answered, but not in the midst of another answer`() throws {
        let alone = try Connection()
        alone.channel.pipeline.fireErrorCaught(HTTPParserError.headerOverflow)
        #expect(try alone.statuses() == [431])
        let second = try Connection()
        try second.receive(Self.head)
        try second.receive(.end(nil))
        second.channel.pipeline.fireErrorCaught(HTTPParserError.headerOverflow)
        #expect(try second.statuses() == [])
        #expect(!second.channel.isActive)
    }

    @Test func `after an answer that says so nothing more is read, and the client has a moment to take it`() throws {
        let connection = try Connection()
        try connection.receive(Self.head)
        try connection.answer(413, closing: true)
        #expect(try connection.statuses() == [413])
        while try connection.channel.readInbound(as: HTTPRequestPart.self) != nil {}
        try connection.receive(Self.piece)
        #expect(try connection.channel.readInbound(as: HTTPRequestPart.self) == nil)
        connection.loop.advanceTime(by: .seconds(1))
        #expect(!connection.channel.isActive)
    }
}
