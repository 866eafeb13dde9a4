import Glibc
import HTTPClient
import HTTPTestSupport
import Testing

/// Whole requests over HTTP/1.1, against a server that writes what the test says.
@Suite struct RequestTests {
    struct Answer: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var raw: String
        var status = 200
        var body: String
    }

    private static let answers = [
        Answer(testDescription: "with a length", raw: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", body: "hi"),
        Answer(
            testDescription: "in chunks, with a trailer",
            raw: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n1\r\n!\r\n0\r\nX-Late: 1\r\n\r\n",
            body: "hi!"),
        Answer(testDescription: "until the end", raw: "HTTP/1.0 200 OK\r\n\r\nall of it", body: "all of it"),
        Answer(
            testDescription: "after an interim answer",
            raw: "HTTP/1.1 103 Early Hints\r\nX-Late: 1\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 1\r\n\r\nx",
            status: 201, body: "x"),
        Answer(testDescription: "without a body", raw: "HTTP/1.1 204 No Content\r\n\r\n", status: 204, body: ""),
        Answer(
            testDescription: "a redirect, which is not followed",
            raw: "HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 1\r\n\r\nx", status: 302, body: "x"),
        Answer(
            testDescription: "an error, which is an answer",
            raw: "HTTP/1.1 500 Oh\r\nContent-Length: 3\r\n\r\nwhy", status: 500, body: "why"),
    ]

    @Test(arguments: answers) func `an answer comes whole`(_ example: Answer) async throws {
        let server = try ScriptedServer { connection in
            _ = connection.request()
            connection.write(example.raw)
        }
        try await withClient { client in
            let response = try await client.send(HTTPRequest("GET", server.url))
            #expect(response.status == example.status)
            #expect(response.text == example.body)
            #expect(response.headers["X-Late"] == nil, "neither an interim answer's headers nor trailers")
        }
        #expect(server.accepted == 1)
    }

    @Test func `headers are found whatever their case, the first of several`() async throws {
        let server = try ScriptedServer { connection in
            _ = connection.request()
            connection.respond(429, headers: ["retry-AFTER:  7\t", "X-Two: a", "x-two: b", "Empty:"])
        }
        try await withClient { client in
            let response = try await client.send(HTTPRequest("GET", server.url))
            #expect(response.headers["Retry-After"] == "7")
            #expect(response.headers["X-TWO"] == "a")
            #expect(response.headers["empty"] == "")
            #expect(response.headers["none"] == nil)
            #expect(response.head.version == "1.1")
        }
    }

    @Test func `a request goes out as it was said`() async throws {
        let received = Record<ReceivedRequest>()
        let server = try ScriptedServer { connection in
            while let request = connection.request() {
                received.append(request)
                connection.respond()
            }
        }
        let body = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0) }
        try await withClient(HTTPClientSettings(proxy: .none, userAgent: "tester/1")) { client in
            let path = "/a/../b%2Fc?x=%20y&z"
            _ = try await client.send(
                HTTPRequest(
                    "PATCH", server.url + path,
                    headers: ["Content-Type": "application/merge-patch+json", "Authorization": "Bearer t", "X-No": ""],
                    body: body))
            _ = try await client.send(HTTPRequest("DELETE", server.url))
            _ = try await client.send(HTTPRequest("POST", server.url, body: []))
            #expect(try await client.answer(HTTPRequest("HEAD", server.url)).status == 200)
        }
        let requests = received.entries
        try #require(requests.count == 4)
        #expect(requests[0].line == "PATCH /a/../b%2Fc?x=%20y&z HTTP/1.1")
        #expect(requests[0]["content-type"] == "application/merge-patch+json")
        #expect(requests[0]["authorization"] == "Bearer t")
        #expect(requests[0]["user-agent"] == "tester/1")
        #expect(requests[0]["host"] == "127.0.0.1:\(server.port)")
        #expect(requests[0].headers.contains("X-No:"))
        #expect(requests[0]["expect"] == nil)
        #expect(requests[0].body == body)
        #expect(requests[1].line == "DELETE / HTTP/1.1" && requests[1]["content-length"] == nil)
        #expect(requests[2].line == "POST / HTTP/1.1" && requests[2]["content-length"] == "0")
        #expect(requests[2]["content-type"] == "application/octet-stream")
        #expect(requests[3].line == "HEAD / HTTP/1.1")
        #expect(server.accepted == 1, "one connection for all")
    }

    @Test func `requests one after another share a connection, those at once have one each`() async throws {
        let all = Signal()
        let waiting = Record<Int>()
        let server = try ScriptedServer { connection in
            while let request = connection.request() {
                if request.target == "/together" {
                    waiting.append(connection.number)
                    if waiting.entries.count == 3 { all.give() }
                    all.block()
                }
                connection.respond()
            }
        }
        try await withClient { client in
            for _ in 0..<5 { _ = try await client.send(HTTPRequest("GET", server.url)) }
            #expect(server.accepted == 1)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<3 {
                    group.addTask { _ = try await client.send(HTTPRequest("GET", server.url + "/together")) }
                }
                try await group.waitForAll()
            }
            #expect(server.accepted == 3)
        }
    }

    /// A kept connection that the server closes on the next request: libcurl goes on with a new one by itself, which
    /// must not make anything happen twice.
    @Test func `a body is never sent twice, but what only reads is`() async throws {
        let received = Record<String>()
        let server = try ScriptedServer { connection in
            while let request = connection.request() {
                received.append("\(connection.number) \(request.line)")
                if request.target == "/swallowed", connection.number.isMultiple(of: 2) { return }
                connection.respond(200, "from \(connection.number)")
            }
        }
        try await withClient { client in
            _ = try await client.send(HTTPRequest("GET", server.url))
            let read = try await client.send(HTTPRequest("GET", server.url + "/swallowed"))
            #expect(read.text == "from 1")
        }
        try await withClient { client in
            _ = try await client.send(HTTPRequest("GET", server.url))
            let error = await httpError { () throws(HTTPError) in
                try await client.send(HTTPRequest("POST", server.url + "/swallowed", body: [1]))
            }
            #expect(error?.kind == .brokenOff && error?.nothingSent == false && error?.isRetriable == true)
        }
        #expect(received.entries.filter { $0.contains("POST") } == ["2 POST /swallowed HTTP/1.1"])
    }

    @Test func `connections aren't inherited by the programs that this process starts`() async throws {
        let server = try ScriptedServer { connection in
            while connection.request() != nil { connection.respond() }
        }
        try await withClient { client in
            _ = try await client.send(HTTPRequest("GET", server.url))
            let stream = try await client.stream(HTTPRequest("GET", server.url))
            let ours = (3..<Int32(4096)).filter { peerPort(of: $0) == server.port }
            #expect(ours.count == 2)
            #expect(ours.allSatisfy { fcntl($0, F_GETFD) & FD_CLOEXEC != 0 })
            stream.cancel()
        }
    }

    private func peerPort(of descriptor: Int32) -> UInt16? {
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) { pointer in
            // A sockaddr_in is read as the sockaddr that it begins with, as the C interface wants it.
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getpeername(descriptor, $0, &length) }
        }
        return result == 0 && address.sin_family == sa_family_t(AF_INET) ? UInt16(bigEndian: address.sin_port) : nil
    }

    @Test func `cancelling a task ends its request and its connection`() async throws {
        let (arrived, gone) = (Signal(), Signal())
        let server = try ScriptedServer { connection in
            guard connection.request()?.target == "/never" else { return connection.respond() }
            arrived.give()
            connection.waitForEnd()
            gone.give()
        }
        try await withClient { client in
            let task = Task {
                await httpError { () throws(HTTPError) in
                    try await client.send(HTTPRequest("GET", server.url + "/never"))
                }
            }
            await arrived.wait()
            task.cancel()
            #expect(await task.value?.kind == .cancelled)
            await gone.wait()

            // One that is cancelled before it begins is never sent.
            let early = Task { () -> HTTPError? in
                while !Task.isCancelled { await Task.yield() }
                return await httpError { () throws(HTTPError) in
                    try await client.send(HTTPRequest("GET", server.url + "/early"))
                }
            }
            early.cancel()
            #expect(await early.value == HTTPError(.cancelled, "the request was cancelled", nothingSent: true))
        }
    }

    @Test func `closing ends what is under way, and whatever comes later`() async throws {
        let arrived = Signal()
        let server = try ScriptedServer { connection in
            _ = connection.request()
            arrived.give()
            connection.waitForEnd()
        }
        let client = try HTTPClient(HTTPClientSettings(proxy: .none))
        let task = Task {
            await httpError { () throws(HTTPError) in try await client.send(HTTPRequest("GET", server.url)) }
        }
        await arrived.wait()
        await client.close()
        #expect(await task.value?.kind == .closed)
        await client.close()
        let late = await httpError { () throws(HTTPError) in try await client.send(HTTPRequest("GET", server.url)) }
        #expect(late?.kind == .closed && late?.nothingSent == true)
        let stream = await httpError { () throws(HTTPError) in try await client.stream(HTTPRequest("GET", server.url)) }
        #expect(stream?.kind == .closed)
    }
}
