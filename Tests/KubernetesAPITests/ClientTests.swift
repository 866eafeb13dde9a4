import HTTPClient
import HTTPTestSupport
import Synchronization
import Testing

@testable import KubernetesAPI

/// Time that passes only when somebody sleeps.
final class TestTime: Sendable {
    private let state = Mutex<(now: Duration, sleeps: [Duration])>((.zero, []))

    var clock: ClientClock {
        ClientClock(
            now: { self.state.withLock { $0.now } },
            sleep: { duration in
                self.state.withLock { state in
                    state.now += duration
                    state.sleeps.append(duration)
                }
                return !Task.isCancelled
            })
    }

    var sleeps: [Duration] { state.withLock { $0.sleeps } }
}

func apiError<Result>(_ body: () async throws(APIError) -> Result) async -> APIError? {
    do throws(APIError) {
        _ = try await body()
        return nil
    } catch {
        return error
    }
}

/// The client against a server that answers what the test says.
@Suite struct ClientTests {
    /// A server that gives these answers, one a request, and the last one for ever.
    private func serving(
        _ answers: [(status: Int, headers: [String], body: String)], _ received: Record<ReceivedRequest>
    ) throws -> ScriptedServer {
        try ScriptedServer { connection in
            while let request = connection.request() {
                let answer = answers[min(received.entries.count, answers.count - 1)]
                received.append(request)
                // A status of 0 stands for a connection that breaks.
                if answer.status == 0 { return }
                connection.respond(answer.status, headers: answer.headers, answer.body)
            }
        }
    }

    private func withClient<Result: Sendable>(
        _ server: ScriptedServer, time: TestTime = TestTime(),
        credentials: ClusterConfiguration.Credentials = .none,
        settings: KubernetesClientSettings = KubernetesClientSettings(),
        _ body: (KubernetesClient) async throws -> Result
    ) async throws -> Result {
        let cluster = try ClusterConfiguration(server: server.url, credentials: credentials, proxy: .none)
        let client = try KubernetesClient(cluster, settings: settings, clock: time.clock, seed: 1)
        do {
            let result = try await body(client)
            await client.close()
            return result
        } catch {
            await client.close()
            throw error
        }
    }

    private let limited = (
        status: 429, headers: ["Retry-After: 2"],
        body: #"{"kind":"Status","reason":"TooManyRequests","message":"slow down","code":429}"#
    )
    private let fine = (status: 200, headers: [String](), body: "{}")
    private let broken = (status: 500, headers: [String](), body: "oh")
    private let cut = (status: 0, headers: [String](), body: "")

    @Test func `a request goes out with the token, its query and its body`() async throws {
        let received = Record<ReceivedRequest>()
        let server = try serving([fine], received)
        try await withClient(
            server, credentials: .token(Secret("hush")), settings: KubernetesClientSettings(userAgent: "martlet/1")
        ) { client in
            let body = try await client.send(
                APIRequest(
                    .patch, "/api/v1/namespaces/a/pods/b", query: [.init("fieldManager", "m n")],
                    body: Array("{}".utf8), contentType: "application/merge-patch+json"))
            #expect(body == Array("{}".utf8))
            #expect(client.counters.lines == [.init(method: .patch, outcome: .success, count: 1)])
        }
        let request = try #require(received.entries.first)
        #expect(request.line == "PATCH /api/v1/namespaces/a/pods/b?fieldManager=m%20n HTTP/1.1")
        #expect(request["authorization"] == "Bearer hush")
        #expect(request["content-type"] == "application/merge-patch+json")
        #expect(request["accept"] == "application/json")
        #expect(request["user-agent"] == "martlet/1")
        #expect(request.body == Array("{}".utf8))
    }

    @Test func `a password goes as RFC 7617 has it`() async throws {
        let received = Record<ReceivedRequest>()
        let server = try serving([fine], received)
        try await withClient(server, credentials: .password(user: "Aladdin", Secret("open sesame"))) { client in
            _ = try await client.send(APIRequest(.get, "/api"))
        }
        #expect(received.entries.first?["authorization"] == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==")
    }

    @Test func `streams that were opened are counted, each time anew`() async throws {
        let received = Record<ReceivedRequest>()
        let server = try serving([fine, fine, (404, [], "{}")], received)
        try await withClient(server) { client in
            for _ in 1...2 {
                let stream = try await client.stream(APIRequest(.get, "/a"))
                while try await stream.next() != nil {}
            }
            _ = await apiError { () throws(APIError) in try await client.stream(APIRequest(.get, "/a")) }
            #expect(client.counters.streams == 2)
        }
    }

    @Test func `a refusal carries the server's Status`() async throws {
        let body = #"{"kind":"Status","reason":"Conflict","message":"modified","code":409,"details":{"causes":[]}}"#
        let received = Record<ReceivedRequest>()
        let server = try serving([(409, [], body)], received)
        try await withClient(server) { client in
            let error = await apiError { () throws(APIError) in try await client.send(APIRequest(.put, "/a", body: []))
            }
            #expect(error == .refused(APIStatus(code: 409, reason: "Conflict", message: "modified")))
            let stream = await apiError { () throws(APIError) in try await client.stream(APIRequest(.get, "/a")) }
            #expect(stream == error)
            #expect(client.counters[.put, .clientError] == 1 && client.counters[.get, .clientError] == 1)
        }
        #expect(received.entries.count == 2)
    }

    @Test func `a write waits for as long as the server asks, and goes again`() async throws {
        let time = TestTime()
        let received = Record<ReceivedRequest>()
        let server = try serving([limited, limited, fine], received)
        try await withClient(server, time: time) { client in
            _ = try await client.send(APIRequest(.post, "/a", body: [1]))
            #expect(client.counters.retries == 2)
            #expect(client.counters[.post, .clientError] == 2 && client.counters[.post, .success] == 1)
        }
        #expect(time.sleeps.count == 2)
        #expect(time.sleeps.allSatisfy { (2...2.5).contains($0.inSeconds) })
        #expect(received.entries.allSatisfy { $0.body == [1] })
    }

    @Test func `a read goes again after errors and broken connections, a write doesn't`() async throws {
        let received = Record<ReceivedRequest>()
        let server = try serving([broken, cut, fine], received)
        let time = TestTime()
        try await withClient(server, time: time) { client in
            _ = try await client.send(APIRequest(.get, "/a"))
            #expect(client.counters[.get, .serverError] == 1)
            #expect(client.counters[.get, .success] == 1)
        }
        for (answers, words) in [([broken, fine], "answered 500"), ([cut, fine], "Empty reply")] {
            let received = Record<ReceivedRequest>()
            let server = try serving(answers, received)
            try await withClient(server) { client in
                let error = await apiError { () throws(APIError) in
                    try await client.send(APIRequest(.put, "/a", body: [1]))
                }
                #expect("\(error as Any)".contains(words))
                #expect(client.counters.retries == 0)
            }
            #expect(received.entries.count == 1)
        }
    }

    @Test func `attempts and time have an end`() async throws {
        let received = Record<ReceivedRequest>()
        let server = try serving([broken], received)
        var settings = KubernetesClientSettings()
        settings.retries = RetryPolicy(maxAttempts: 4)
        try await withClient(server, settings: settings) { client in
            let error = await apiError { () throws(APIError) in try await client.send(APIRequest(.get, "/a")) }
            #expect(
                error == .refused(APIStatus(code: 500, reason: "InternalError", message: "the server answered 500: oh"))
            )
        }
        #expect(received.entries.count == 4)

        let slow = Record<ReceivedRequest>()
        let limiting = try serving([limited], slow)
        let time = TestTime()
        try await withClient(limiting, time: time) { client in
            let error = await apiError { () throws(APIError) in
                try await client.send(APIRequest(.get, "/a", timeoutSeconds: 5))
            }
            #expect("\(error as Any)".contains("slow down"))
        }
        #expect(time.sleeps.reduce(.zero, +) < .seconds(5))
    }

    @Test func `nobody there is unreachable, and was tried again`() async throws {
        let port = try { try ScriptedServer { _ in }.port }()
        let time = TestTime()
        let cluster = try ClusterConfiguration(server: "http://127.0.0.1:\(port)", proxy: .none)
        let client = try KubernetesClient(cluster, clock: time.clock, seed: 1)
        let error = await apiError { () throws(APIError) in try await client.send(APIRequest(.post, "/a", body: [])) }
        guard case .unreachable(let reason) = error else {
            Issue.record("\(error as Any)")
            return
        }
        #expect(reason.hasPrefix("http://127.0.0.1:\(port): "))
        #expect(client.counters.retries == 7 && client.counters[.post, .noAnswer] == 8)
        await client.close()
        let closed = await apiError { () throws(APIError) in try await client.send(APIRequest(.get, "/a")) }
        #expect("\(closed as Any)".contains("closed"))
    }

    @Test func `a token that was refused is read anew at once`() async throws {
        let folder = try Folder()
        let path = try folder.write("token", "old")
        let received = Record<ReceivedRequest>()
        let server = try ScriptedServer { connection in
            while let request = connection.request() {
                received.append(request)
                connection.respond(request["authorization"] == "Bearer new" ? 200 : 401)
            }
        }
        let time = TestTime()
        try await withClient(server, time: time, credentials: .tokenFile(path)) { client in
            let refused = await apiError { () throws(APIError) in try await client.send(APIRequest(.get, "/a")) }
            #expect("\(refused as Any)".contains("401"))
            #expect(received.entries.count == 1, "the file holds no other")
            try folder.write("token", "new")
            _ = try await client.send(APIRequest(.post, "/a", body: []))
            #expect(received.entries.map { $0["authorization"] } == ["Bearer old", "Bearer old", "Bearer new"])
        }
        #expect(time.sleeps.isEmpty)
    }

    @Test func `the client's own limit holds requests back, and says how long`() async throws {
        let received = Record<ReceivedRequest>()
        let server = try serving([fine], received)
        let time = TestTime()
        let settings = KubernetesClientSettings(requestsPerSecond: 10, burst: 2)
        try await withClient(server, time: time, settings: settings) { client in
            for _ in 0..<4 { _ = try await client.send(APIRequest(.get, "/a")) }
            #expect(time.sleeps.map { Int(($0.inSeconds * 1000).rounded()) } == [100, 100])
            #expect(abs(client.counters.throttledSeconds - 0.2) < 0.001)
            let error = await apiError { () throws(APIError) in
                try await client.send(APIRequest(.get, "/a", timeoutSeconds: 0.05))
            }
            #expect("\(error as Any)".contains("own limit"))
        }
        #expect(received.entries.count == 4)
    }

    @Test func `a stream is read as it comes, and what broke off is unreachable`() async throws {
        let server = try ScriptedServer { connection in
            _ = connection.request()
            connection.beginChunks()
            connection.chunk("{}\n")
        }
        try await withClient(server) { client in
            let stream = try await client.stream(APIRequest(.get, "/a", query: [.init("watch", "1")]))
            let first = try await stream.next()
            #expect(first == Array("{}\n".utf8))
            let error = await apiError { () throws(APIError) in try await stream.next() }
            guard case .unreachable = error else {
                Issue.record("\(error as Any)")
                return
            }
        }
    }

    @Test func `another name for the certificate leaves the Host as it is`() async throws {
        let received = Record<ReceivedRequest>()
        let server = try serving([fine], received)
        let address = try ServerAddress(server.url)
        let cluster = ClusterConfiguration(
            address, serverName: "api.test", origin: "a test", namespace: "default", proxy: .none)
        let client = try KubernetesClient(cluster)
        _ = try await client.send(APIRequest(.get, "/a"))
        await client.close()
        #expect(received.entries.first?["host"] == "127.0.0.1:\(server.port)")
    }
}
