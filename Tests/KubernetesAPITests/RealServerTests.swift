import ClusterSupport
import Document
import HTTPClient
import Testing

@testable import KubernetesAPI

/// The client against a real API server, which speaks HTTP/1.1 and HTTP/2.
@Suite struct RealServerTests {
    private func client(_ configuration: ClusterConfiguration) throws -> KubernetesClient {
        var configuration = configuration
        configuration.proxy = .none
        return try KubernetesClient(configuration)
    }

    private func admin(_ server: APIServer) throws -> ClusterConfiguration {
        try ClusterConfiguration.find(kubeconfig: server.admin.kubeconfig, environment: [:])
    }

    private func configMap(_ name: String, _ value: Int) -> [UInt8] {
        Array(
            #"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"\#(name)"},"data":{"n":"\#(value)"}}"#.utf8)
    }

    @Test func `a token, a client certificate, and neither`() async throws {
        let server = try await APIServer.shared
        let who = APIRequest(
            .post, "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
            body: Array(
                #"{"apiVersion":"authorization.k8s.io/v1","kind":"SelfSubjectAccessReview","spec":{"resourceAttributes":{"verb":"list","resource":"pods"}}}"#
                    .utf8))
        let byToken = try admin(server)
        var byCertificate = byToken
        byCertificate.credentials = .none
        byCertificate.tls.identity = .init(
            certificate: .file("\(server.folder)/admin.crt"), key: .file("\(server.folder)/admin.key"))
        for configuration in [byToken, byCertificate] {
            let client = try client(configuration)
            let answer = try await parseJSON(client.send(who))
            #expect(answer["status"]?["allowed"]?.value == .bool(true))
            await client.close()
        }
        var byNothing = byToken
        byNothing.credentials = .token(Secret("wrong"))
        let nobody = try client(byNothing)
        let error = await apiError { () throws(APIError) in try await nobody.send(who) }
        #expect(error == .refused(APIStatus(code: 401, reason: "Unauthorized", message: "Unauthorized")))
        await nobody.close()
    }

    @Test(arguments: [(HTTPVersion.newest, "2"), (.one, "1.1")])
    func `it is spoken to in the version that a client is to speak`(_ version: HTTPVersion, _ spoken: String)
        async throws
    {
        let configuration = try admin(try await APIServer.shared)
        let http = try HTTPClient(HTTPClientSettings(tls: configuration.tls, proxy: .none, version: version))
        let answer = try await http.send(HTTPRequest("GET", "\(configuration.server)/version"))
        #expect((answer.status, answer.head.version) == (200, spoken))
        await http.close()
    }

    @Test func `an invalid object is refused with its causes`() async throws {
        let server = try await APIServer.shared
        let client = try client(admin(server))
        let error = await apiError { () throws(APIError) in
            try await client.send(
                APIRequest(.post, "/api/v1/namespaces/default/configmaps", body: configMap("Not a name", 0)))
        }
        guard case .refused(let status) = error else {
            Issue.record("\(error as Any)")
            return
        }
        #expect(status.code == 422 && status.reason == "Invalid")
        #expect(status.causes.first?.field == "metadata.name")
        await client.close()
    }

    @Test func `a server of an unknown authority, or another name, is unusable`() async throws {
        let server = try await APIServer.shared
        var unknown = try admin(server)
        unknown.tls.trust = .system
        let address = try ServerAddress(server.url)
        let misnamed = ClusterConfiguration(
            address, serverName: "elsewhere.test", origin: "a test", namespace: "default",
            tls: try admin(server).tls, credentials: try admin(server).credentials)
        for configuration in [unknown, misnamed] {
            let client = try client(configuration)
            let error = await apiError { () throws(APIError) in try await client.send(APIRequest(.get, "/version")) }
            guard case .unusable(let words) = error else {
                Issue.record("\(error as Any)")
                continue
            }
            #expect(words.contains("certificate"))
            await client.close()
        }
        let named = try client(
            ClusterConfiguration(
                address, serverName: "localhost", origin: "a test", namespace: "default",
                tls: try admin(server).tls, credentials: try admin(server).credentials))
        _ = try await named.send(APIRequest(.get, "/version"))
        await named.close()
    }

    @Test func `many writes at once, each answered with its own, beside a watch that nobody reads`() async throws {
        let server = try await APIServer.shared
        let path = "/api/v1/namespaces/\(try await server.namespace())/configmaps"
        let client = try client(admin(server))
        let watch = try await client.stream(APIRequest(.get, path, query: [.init("watch", "1")]))
        try await withThrowingTaskGroup(of: Void.self) { group in
            for task in 0..<50 {
                group.addTask {
                    let name = "map-\(task)"
                    _ = try await client.send(APIRequest(.post, path, body: configMap(name, 0)))
                    for value in 1...10 {
                        let answer = try await parseJSON(
                            client.send(APIRequest(.put, "\(path)/\(name)", body: configMap(name, value))))
                        #expect(answer["metadata"]?["name"]?.string == name)
                        #expect(answer["data"]?["n"]?.string == "\(value)")
                    }
                }
            }
            try await group.waitForAll()
        }
        // All of it has waited on the way.
        var lines = 0
        while lines < 550, let bytes = try await watch.next() { lines += bytes.count { $0 == UInt8(ascii: "\n") } }
        #expect(lines == 550)
        watch.cancel()
        #expect(client.counters[.put, .success] == 500)
        await client.close()
    }

    @Test func `requests go by HTTP 2, streams by HTTP 1`() async throws {
        let server = try await APIServer.shared
        let configuration = try admin(server)
        let http = try HTTPClient(HTTPClientSettings(tls: configuration.tls, proxy: .none))
        let request = HTTPRequest("GET", "\(server.url)/version")
        let whole = try await http.send(request)
        #expect(whole.head.version == "2")
        let stream = try await http.stream(request)
        #expect(stream.head.version == "1.1")
        await http.close()
    }

    @Test func `a server that goes ends the watch, and serves again once it is back`() async throws {
        try await withAPIServer { server in
            let client = try client(admin(server))
            let path = "/api/v1/namespaces/default/configmaps"
            let watch = try await client.stream(APIRequest(.get, path, query: [.init("watch", "1")]))
            _ = try await client.send(APIRequest(.post, path, body: configMap("one", 1)))
            let event = try await watch.next()
            #expect(event != nil)
            await server.stopServer()
            // Events of its last moments may come first.
            var error: APIError?
            var hasEnded = false
            while error == nil, !hasEnded {
                error = await apiError { () throws(APIError) in hasEnded = try await watch.next() == nil }
            }
            let refused = await apiError { () throws(APIError) in
                try await client.send(APIRequest(.post, path, body: configMap("two", 2), timeoutSeconds: 1))
            }
            guard case .unreachable = refused else {
                Issue.record("\(refused as Any)")
                return
            }
            try await server.startServer()
            _ = try await client.send(APIRequest(.post, path, body: configMap("two", 2)))
            await client.close()
        }
    }
}
