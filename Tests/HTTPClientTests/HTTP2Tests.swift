import Execution
import Glibc
import HTTPClient
import Testing

/// Against nghttp2's own server, which speaks HTTP/2 alone, and numbers its connections.
@Suite struct HTTP2Tests {
    private struct Server {
        let program: ServingProgram
        let log: String
        let port: UInt16

        /// What it says of its connections: `[id=1] [  0.042] recv …`.
        func words() throws -> [Substring] {
            String(decoding: try FileSystem.read(log, limit: 64 << 20).bytes, as: UTF8.self).split(separator: "\n")
        }

        func connections() throws -> Set<Substring> {
            Set(try words().filter { $0.hasPrefix("[id=") }.map { $0.prefix { $0 != "]" } })
        }
    }

    /// It takes no port of the system's choice, so it is tried until one is free.
    private func withServer(_ body: (Server, HTTPClientSettings) async throws -> Void) async throws {
        let certificates = try await TestCertificates()
        let settings = HTTPClientSettings(
            tls: TLSSettings(trust: .only(.file(certificates.path("ca.crt")))), proxy: .none)
        for _ in 0..<20 {
            let port = UInt16.random(in: 20_000...32_000)
            let log = certificates.path("nghttpd-\(port).log")
            let program = try await ServingProgram(
                ["nghttpd", "-v", "-a", "127.0.0.1", "-d", ".", "\(port)", "server.key", "good.crt"],
                certificates: certificates, log: .file(log))
            let server = Server(program: program, log: log, port: port)
            let isThere = try await withClient(settings) { client in
                while kill(program.process.processID, 0) == 0 {
                    let request = HTTPRequest("GET", "https://127.0.0.1:\(port)/ca.crt")
                    if await httpError({ () throws(HTTPError) in try await client.send(request) }) == nil {
                        return true
                    }
                }
                return false
            }
            if isThere { return try await body(server, settings) }
        }
        throw TestCertificates.Failure(words: "nghttpd doesn't start")
    }

    @Test func `a thousand requests at once share few connections, and each gets its own answer`() async throws {
        try await withServer { server, settings in
            let names = ["ca.crt", "good.crt", "expired.crt", "elsewhere.crt", "client.crt"]
            let expected = try names.map { try server.program.certificates.pem($0) }
            let before = try server.connections().count
            try await withClient(settings) { client in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for number in 0..<1000 {
                        group.addTask {
                            let url = "https://127.0.0.1:\(server.port)/\(names[number % names.count])"
                            let response = try await client.send(HTTPRequest("GET", url))
                            #expect(response.head.version == "2")
                            #expect(response.body == expected[number % names.count])
                        }
                    }
                    try await group.waitForAll()
                }
            }
            // The server takes a hundred at once on a connection. What is beyond that has another, or waits.
            let more = try server.connections().count - before
            #expect((1...settings.maxConnectionsPerHost).contains(more), "\(more)")
        }
    }

    @Test func `streams have connections of their own, beside those of requests`() async throws {
        // nghttpd speaks no HTTP/1.1, which streams go by: it refuses.
        try await withServer { server, settings in
            try await withClient(settings) { client in
                let error = await httpError { () throws(HTTPError) in
                    try await client.stream(HTTPRequest("GET", "https://127.0.0.1:\(server.port)/ca.crt"))
                }
                #expect(error != nil)
                let response = try await client.send(HTTPRequest("GET", "https://127.0.0.1:\(server.port)/ca.crt"))
                #expect(response.status == 200)
            }
        }
    }

    @Test func `a connection that has swallowed a request serves no other`() async throws {
        try await withServer { server, settings in
            try await withClient(settings) { client in
                let request = HTTPRequest("GET", "https://127.0.0.1:\(server.port)/ca.crt")
                _ = try await client.send(request)
                let before = try server.connections().count
                let pid = server.program.process.processID
                kill(pid, SIGSTOP)
                var hurried = request
                hurried.timeoutSeconds = 2
                let error = await httpError { () throws(HTTPError) in try await client.send(hurried) }
                kill(pid, SIGCONT)
                #expect(error?.kind == .timedOut && error?.nothingSent == false)
                _ = try await client.send(request)
                _ = try await client.send(request)
                #expect(try server.connections().count == before + 1)
            }
        }
    }
}
