import Controller
import Crypto
import Logging
import Model
import Synchronization

@testable import Web

/// A server on a port of its own, with fakes behind it.
struct TestServer {
    static let secret = "a-secret-of-enough-length"
    static let now = Timestamp(seconds: 1_700_000_000)

    var settings: WebSettings
    var desk = FakeDesk()
    var board = RunBoard()
    var ports = WebPorts(now: { TestServer.now })

    init() throws {
        settings = WebSettings(listen: ListenAddress(port: 0))
        settings.secrets = try WebhookSecrets(text: Self.secret)
        board.followed(.listed(runs: [], pipelines: []))
    }

    static var silent: Logger { Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }) }

    /// Runs the server for as long as the work takes.
    func serve<Value: Sendable>(_ work: (Int) async throws -> Value) async throws -> Value {
        let (bound, told) = AsyncStream.makeStream(of: Int.self)
        let server = WebServer(settings, desk: desk, view: board, ports: ports, logger: Self.silent) { port in
            told.yield(port)
        }
        let running = Task {
            defer { told.finish() }
            try await server.run()
        }
        guard let port = await bound.first(where: { _ in true }) else {
            try await running.value
            throw CancellationError()
        }
        let result: Result<Value, any Error>
        do {
            result = .success(try await work(port))
        } catch {
            result = .failure(error)
        }
        running.cancel()
        try await running.value
        return try result.get()
    }

    static func signature(_ body: [UInt8], secret: String = secret) -> String {
        let code = HMAC<SHA256>.authenticationCode(for: body, using: SymmetricKey(data: Array(secret.utf8)))
        return "sha256="
            + code.map { byte in
                let digits = String(byte, radix: 16)
                return digits.count == 1 ? "0" + digits : digits
            }.joined()
    }

    /// The headers of a delivery that is as it should be.
    static func headers(
        _ event: String, _ body: [UInt8], id: String = "d-1", type: String = "application/json"
    ) -> [(String, String)] {
        [
            ("X-GitHub-Event", event), ("X-GitHub-Delivery", id), ("Content-Type", type),
            ("X-Hub-Signature-256", signature(body)),
        ]
    }

    static func deliver(
        _ port: Int, _ event: String, _ json: String, id: String = "d-1"
    ) async throws -> RawClient.Response? {
        let body = Array(json.utf8)
        return try await RawClient.request(
            port, "POST", "/webhooks/github", headers: headers(event, body, id: id), body: body)
    }
}
