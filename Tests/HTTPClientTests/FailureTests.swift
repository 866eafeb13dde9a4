import HTTPClient
import HTTPTestSupport
import Testing

/// What is said of requests that fail: what kind of failure it is, and whether the server got anything.
@Suite struct FailureTests {
    struct Broken: CustomTestStringConvertible, Sendable {
        var testDescription: String
        /// What the server writes before it closes.
        var raw: String
        var kind: HTTPError.Kind
    }

    private static let broken = [
        Broken(testDescription: "nothing at all", raw: "", kind: .brokenOff),
        Broken(testDescription: "something else than HTTP", raw: "SSH-2.0-OpenSSH_9\r\n", kind: .brokenOff),
        Broken(
            testDescription: "less than was announced", raw: "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhi",
            kind: .brokenOff),
        Broken(
            testDescription: "chunks without their end",
            raw: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", kind: .brokenOff),
        Broken(
            testDescription: "more than is taken, announced",
            raw: "HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\nhi", kind: .tooLarge),
        Broken(
            testDescription: "more than is taken, in chunks",
            raw: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                + String(repeating: "400\r\n\(String(repeating: "x", count: 1024))\r\n", count: 9), kind: .tooLarge),
        Broken(
            testDescription: "a head without end",
            raw: "HTTP/1.1 200 OK\r\n"
                + String(repeating: "X-Header: \(String(repeating: "x", count: 1000))\r\n", count: 290), kind: .tooLarge
        ),
    ]

    @Test(arguments: broken) func `an answer that isn't whole is an error`(_ example: Broken) async throws {
        let server = try ScriptedServer { connection in
            _ = connection.request()
            connection.write(example.raw)
        }
        try await withClient(HTTPClientSettings(proxy: .none, maxBodyBytes: 8192)) { client in
            let error = await httpError { () throws(HTTPError) in
                try await client.send(HTTPRequest("POST", server.url, body: [1]))
            }
            #expect(error?.kind == example.kind, "\(error as Any)")
            #expect(error?.nothingSent == false)
            #expect(error?.isRetriable == (example.kind == .brokenOff))
        }
    }

    @Test func `a body of just the size that is taken is taken`() async throws {
        let server = try ScriptedServer { connection in
            _ = connection.request()
            connection.respond(200, String(repeating: "x", count: 8192))
        }
        try await withClient(HTTPClientSettings(proxy: .none, maxBodyBytes: 8192)) { client in
            let response = try await client.send(HTTPRequest("GET", server.url))
            #expect(response.body.count == 8192)
        }
    }

    @Test func `where nobody listens, nothing was sent`() async throws {
        let port = try { try ScriptedServer { _ in }.port }()
        try await withClient { client in
            let error = await httpError { () throws(HTTPError) in
                try await client.send(HTTPRequest("POST", "http://127.0.0.1:\(port)", body: [1]))
            }
            #expect(error?.kind == .cannotConnect && error?.nothingSent == true && error?.isRetriable == true)
            #expect(error?.reason.contains("\(port)") == true, "libcurl says where: \(error as Any)")
            let name = await httpError { () throws(HTTPError) in
                try await client.send(HTTPRequest("GET", "http://no-such-host.invalid"))
            }
            #expect(name?.kind == .cannotConnect && name?.nothingSent == true)
        }
    }

    @Test func `no answer in time is an error that says so, and the connection isn't used again`() async throws {
        let server = try ScriptedServer { connection in
            while let request = connection.request() {
                if request.target == "/never" { return connection.waitForEnd() }
                connection.respond()
            }
        }
        try await withClient { client in
            let error = await httpError { () throws(HTTPError) in
                try await client.send(HTTPRequest("GET", server.url + "/never", timeoutSeconds: 2))
            }
            #expect(error?.kind == .timedOut && error?.nothingSent == false && error?.isRetriable == true)
            let response = try await client.send(HTTPRequest("GET", server.url))
            #expect(response.status == 200)
        }
        #expect(server.accepted == 2)
    }

    @Test func `a server that accepts and says nothing is given up while connecting by TLS`() async throws {
        let server = try ScriptedServer { $0.waitForEnd() }
        try await withClient(HTTPClientSettings(proxy: .none, connectTimeoutSeconds: 0.2)) { client in
            let error = await httpError { () throws(HTTPError) in
                try await client.send(HTTPRequest("GET", "https://127.0.0.1:\(server.port)"))
            }
            #expect(error?.kind == .timedOut && error?.nothingSent == true)
        }
    }

    @Test func `a server without TLS is no server for https`() async throws {
        let server = try ScriptedServer { connection in connection.respond() }
        try await withClient { client in
            let error = await httpError { () throws(HTTPError) in
                try await client.send(HTTPRequest("GET", "https://127.0.0.1:\(server.port)"))
            }
            #expect(error?.kind == .cannotConnect && error?.nothingSent == true, "\(error as Any)")
        }
    }

    private static let mistakes: [(String, HTTPRequest)] = [
        ("another protocol", HTTPRequest("GET", "file:///etc/passwd")),
        ("no protocol", HTTPRequest("GET", "127.0.0.1")),
        ("a blank in the URL", HTTPRequest("GET", "http://127.0.0.1/a b")),
        ("a line break in the URL", HTTPRequest("GET", "http://127.0.0.1/\r\nX: y")),
        ("another alphabet in the URL", HTTPRequest("GET", "http://127.0.0.1/ä")),
        ("no host", HTTPRequest("GET", "http://")),
        ("a method of two words", HTTPRequest("GET /", "http://127.0.0.1")),
        ("no method", HTTPRequest("", "http://127.0.0.1")),
        ("a line break in a header", HTTPRequest("GET", "http://127.0.0.1", headers: ["X": "a\r\nY: b"])),
        ("a header without a name", HTTPRequest("GET", "http://127.0.0.1", headers: ["": "a"])),
        ("a colon in a header's name", HTTPRequest("GET", "http://127.0.0.1", headers: ["X: y": "a"])),
        ("no time", HTTPRequest("GET", "http://127.0.0.1", timeoutSeconds: 0)),
        ("a time that is none", HTTPRequest("GET", "http://127.0.0.1", timeoutSeconds: .nan)),
    ]

    @Test(arguments: mistakes) func `a request that makes no sense isn't sent`(
        _ name: String, _ request: HTTPRequest
    ) async throws {
        try await withClient { client in
            let error = await httpError { () throws(HTTPError) in try await client.send(request) }
            #expect(error?.kind == .unusable && error?.nothingSent == true, "\(name): \(error as Any)")
        }
    }
}
