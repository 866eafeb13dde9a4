import Controller
import Model
import Synchronization
import Testing

@testable import Web

@Suite("The server")
struct ServerTests {
    @Test(
        arguments: [
            ("127.0.0.1:8080", ListenAddress(host: "127.0.0.1", port: 8080)),
            ("localhost:0", ListenAddress(host: "localhost", port: 0)),
            ("[::1]:80", ListenAddress(host: "::1", port: 80)),
            (":8080", nil), ("8080", nil), ("::1:80", nil), ("localhost", nil), ("localhost:", nil),
            ("localhost:65536", nil), ("localhost:-1", nil), ("http://localhost:80", nil), ("[]:80", nil), ("", nil),
        ] as [(String, ListenAddress?)])
    func `an address is a host and a port`(_ text: String, _ address: ListenAddress?) {
        #expect(ListenAddress(text) == address)
        if let address { #expect(address.description == text) }
    }

    @Test func `health, readiness and metrics are there`() async throws {
        let reason = Mutex<String?>("the store hasn't been listed")
        var server = try TestServer()
        server.ports.unready = { reason.withLock { $0 } }
        server.ports.metrics = { "up 1\n" }
        try await server.serve { port async throws in
            let health = try await RawClient.request(port, "GET", "/healthz")
            #expect(health?.status == 200)
            let unready = try await RawClient.request(port, "GET", "/readyz")
            #expect(unready?.status == 503)
            #expect(unready?.body == "the store hasn't been listed\n")
            reason.withLock { $0 = nil }
            #expect(try await RawClient.request(port, "GET", "/readyz")?.status == 200)
            let metrics = try await RawClient.request(port, "GET", "/metrics")
            #expect(metrics?.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8")
            #expect(metrics?.body == "up 1\n")
        }
    }

    @Test(arguments: [
        ("GET", "/nothing", 404), ("GET", "/webhooks/github", 405), ("POST", "/", 405), ("PUT", "/metrics", 405),
        ("POST", "/webhooks", 404), ("POST", "/webhooks/gitlab", 404), ("GET", "//", 404), ("GET", "/runs", 404),
        ("GET", "/runs/-/x", 404), ("GET", "/runs/a/b/c", 404), ("GET", "/api/v1/runs/-/x", 404),
        ("GET", "/api/v2/runs", 404), ("GET", "/api/v1", 404), ("GET", "/api/v1/runs?limit=0", 400),
        ("GET", "/?offset=-1", 400), ("GET", "/%00", 404), ("GET", "/../etc/passwd", 404), ("GET", "/style.css/", 404),
        ("GET", "/?limit=1000&offset=5&pipeline=%3Cb%3E", 200), ("HEAD", "/", 200), ("HEAD", "/healthz", 200),
        ("GET", "/api/v1/runs", 200), ("GET", "/api/v1/pipelines", 200), ("GET", "/pipelines", 200),
    ])
    func `a path and method get their status`(_ method: String, _ path: String, _ status: Int) async throws {
        let server = try TestServer()
        let response = try await server.serve { port in try await RawClient.request(port, method, path) }
        #expect(response?.status == status)
        #expect(response?.headers["x-content-type-options"] == "nosniff")
        #expect(response?.headers["content-security-policy"]?.hasPrefix("default-src 'none'; style-src 'self'") == true)
        if method == "HEAD" {
            #expect(response?.body == "")
            #expect(response?.headers["content-length"].flatMap(Int.init) ?? 0 > 0)
        }
        if status == 405 { #expect(response?.headers["allow"] != nil) }
        if path.hasPrefix("/api") { #expect(response?.headers["content-type"] == "application/json") }
    }

    @Test func `refusals are JSON for those who read that`() async throws {
        let server = try TestServer()
        try await server.serve { port async throws in
            let text = try await RawClient.request(port, "GET", "/nothing")
            #expect(text?.body == "there is nothing here\n")
            let json = try await RawClient.request(port, "GET", "/nothing", headers: [("Accept", "application/json")])
            #expect(json?.body == #"{"error":"there is nothing here"}"#)
        }
    }

    @Test func `nothing is shown before all is listed`() async throws {
        var server = try TestServer()
        server.board = RunBoard()
        try await server.serve { port async throws in
            #expect(try await RawClient.request(port, "GET", "/")?.status == 503)
            #expect(try await RawClient.request(port, "GET", "/api/v1/runs")?.status == 503)
            #expect(try await RawClient.request(port, "GET", "/healthz")?.status == 200)
        }
    }

    @Test func `the style sheet is sent once`() async throws {
        let server = try TestServer()
        try await server.serve { port async throws in
            let first = try await RawClient.request(port, "GET", "/style.css")
            #expect(first?.status == 200)
            let tag = try #require(first?.headers["etag"])
            let second = try await RawClient.request(port, "GET", "/style.css", headers: [("If-None-Match", tag)])
            #expect(second?.status == 304)
            #expect(second?.body == "")
        }
    }

    @Test func `headers that are too large or too many are answered with 431`() async throws {
        let server = try TestServer()
        try await server.serve { port async throws in
            let long = ("X-Long", String(repeating: "x", count: 40_000))
            #expect(try await RawClient.request(port, "GET", "/", headers: [long])?.status == 431)
            let many = (0..<200).map { ("X-\($0)", "x") }
            #expect(try await RawClient.request(port, "GET", "/", headers: many)?.status == 431)
            let path = "/" + String(repeating: "x", count: 100_000)
            #expect(try await RawClient.request(port, "GET", path)?.status == 431)
            #expect(try await RawClient.request(port, "GET", "/healthz")?.status == 200)
        }
    }

    @Test(arguments: [
        "GARBAGE\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "GET /\r\n\r\n",
        "POST /webhooks/github HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        "POST /webhooks/github HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "\u{0}\u{1}\u{2}\r\n\r\n", "GET / HTTP/1.1\r\nA b: c\r\n\r\n",
    ])
    func `what is no HTTP is refused, and the server goes on`(_ text: String) async throws {
        let server = try TestServer()
        try await server.serve { port async throws in
            let response = try await RawClient.response(port, sending: Array(text.utf8))
            #expect(response.map { (400..<500).contains($0.status) } ?? true)
            #expect(try await RawClient.request(port, "GET", "/healthz")?.status == 200)
        }
    }

    @Test func `clients that are too slow lose their connection`() async throws {
        var server = try TestServer()
        server.settings.limits.idle = .milliseconds(100)
        server.settings.limits.reading = .milliseconds(100)
        try await server.serve { port async throws in
            // Each of these waits for the server to close.
            #expect(try await RawClient.bytes(port, sending: []) == [])
            #expect(try await RawClient.bytes(port, sending: Array("GET / HT".utf8)) == [])
            #expect(try await RawClient.bytes(port, sending: Array("GET / HTTP/1.1\r\nHost: x\r\n".utf8)) == [])
        }
        server.settings.limits.idle = .seconds(600)
        try await server.serve { port async throws in
            let head = RawClient.head(
                "POST", "/webhooks/github", TestServer.headers("push", []), count: 1000, closes: false)
            #expect(try await RawClient.response(port, sending: head + [0x7B])?.status == 408)
        }
    }

    @Test func `requests under way are answered before the server ends`() async throws {
        let (asked, ask) = AsyncStream.makeStream(of: Void.self)
        let (released, release) = AsyncStream.makeStream(of: Void.self)
        var server = try TestServer()
        server.ports.metrics = {
            ask.yield()
            for await _ in released { break }
            return "late 1\n"
        }
        let (bound, told) = AsyncStream.makeStream(of: Int.self)
        let web = WebServer(
            server.settings, desk: server.desk, view: server.board, ports: server.ports, logger: TestServer.silent
        ) { told.yield($0) }
        let running = Task { try await web.run() }
        let port = try #require(await bound.first { _ in true })
        async let response = RawClient.request(port, "GET", "/metrics")
        _ = await asked.first { _ in true }
        running.cancel()
        release.yield()
        #expect(try await response?.body == "late 1\n")
        try await running.value
    }

    @Test func `a port that is taken is an error`() async throws {
        let server = try TestServer()
        try await server.serve { port async throws in
            var other = server
            other.settings.listen.port = port
            await #expect(throws: (any Error).self) { try await other.serve { _ in } }
        }
    }

    @Test func `routes have words for metrics`() async throws {
        let told = Mutex<[String]>([])
        var server = try TestServer()
        server.ports.meters.request = { route, method, status, _ in
            told.withLock { $0.append("\(route) \(method) \(status)") }
        }
        try await server.serve { port async throws in
            _ = try await RawClient.request(port, "GET", "/runs/-/made-up")
            _ = try await RawClient.request(port, "DELETE", "/nothing")
        }
        #expect(told.withLock { $0 } == ["run GET 404", "none other 404"])
    }
}
