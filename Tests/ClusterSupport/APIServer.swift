import Execution
import Glibc

/// A real Kubernetes API server with an etcd of its own, on free ports of 127.0.0.1.
///
/// It has no controllers: what is created stays as it is, pods never start, a deleted namespace stays `Terminating`,
/// owners' deletions take nothing along, and roles made by aggregation (`view`, `edit`, `admin`) are empty. Several may
/// run at once, in one test process or several. All ends with `close()`, and with this process in whatever way that
/// ends.
package actor APIServer {
    package nonisolated let assets: Assets
    /// Gone after `close()`.
    package nonisolated let folder: String
    /// `https://127.0.0.1:PORT`.
    package nonisolated let url: String
    /// A file with the certificate of the authority that the server's own certificate is from.
    package nonisolated let authority: String
    /// May do everything.
    package nonisolated let admin: Identity

    private let port: UInt16
    private let etcdPort: UInt16
    private let janitor: Janitor
    private var etcd: ServerProcess?
    private var server: ServerProcess?
    /// What has been begun here that is to happen once, by name.
    private var begun: [String: Task<Bool, any Error>] = [:]

    // MARK: Beginning and end

    /// Starts etcd and an API server, and waits until it is ready.
    package static func start() async throws -> APIServer {
        let assets = try await Assets.find()
        for _ in 1..<5 {
            let server = try await APIServer(assets)
            do {
                try await server.begin()
                return server
            } catch {
                let tryAgain = await server.hasLostItsPort
                await server.close()
                if !tryAgain { throw error }
            }
        }
        let server = try await APIServer(assets)
        try await server.begin()
        return server
    }

    private init(_ assets: Assets) async throws {
        self.assets = assets
        let folder = "/tmp/martlet-cluster-\(getpid())-\(String(UInt64.random(in: .min ... .max), radix: 36))"
        self.folder = folder
        try FileSystem.makeFolder(folder)
        janitor = try Janitor(folder: folder)
        try await Certificates.make(in: folder)
        port = try LoopbackPort.free()
        etcdPort = try LoopbackPort.free()
        url = "https://127.0.0.1:\(port)"
        authority = "\(folder)/ca.crt"
        let token = String((0..<32).map { _ in "0123456789abcdef".randomElement() ?? "0" })
        admin = try Identity(name: "admin", token: token, url: url, authority: authority, in: folder)
        try FileSystem.write(Array("\(token),admin,admin,\"system:masters\"\n".utf8), to: "\(folder)/tokens.csv")
    }

    private func begin() async throws {
        let etcd = try await ServerProcess(
            assets.etcd,
            [
                "--data-dir=\(folder)/etcd", "--listen-client-urls=http://127.0.0.1:\(etcdPort)",
                "--advertise-client-urls=http://127.0.0.1:\(etcdPort)", "--listen-peer-urls=http://127.0.0.1:0",
                // What a test has written need not outlive the machine.
                "--unsafe-no-fsync",
            ], in: folder, log: "\(folder)/etcd.log")
        self.etcd = etcd
        let etcdPort = etcdPort
        try await etcd.ready(within: .seconds(60)) { LoopbackPort.answers(etcdPort) }
        try await startServer()
    }

    private var hasLostItsPort: Bool {
        etcd?.foundItsPortTaken == true || server?.foundItsPortTaken == true
    }

    /// Ends everything and removes its folder.
    package func close() async {
        await server?.crash()
        await etcd?.crash()
        server = nil
        etcd = nil
        await janitor.clean()
    }

    // MARK: Faults

    /// Ends the API server alone, as a power cut would, and waits until it is gone. etcd keeps what it has.
    package func stopServer() async {
        await server?.crash()
        server = nil
    }

    /// Starts the API server again, on the same port and the same etcd, and waits until it is ready.
    package func startServer() async throws {
        let started = try await ServerProcess(
            assets.apiServer,
            [
                "--etcd-servers=http://127.0.0.1:\(etcdPort)", "--bind-address=127.0.0.1", "--secure-port=\(port)",
                "--advertise-address=127.0.0.1", "--endpoint-reconciler-type=none",
                "--service-cluster-ip-range=10.0.0.0/24", "--cert-dir=\(folder)/certificates",
                "--tls-cert-file=\(folder)/server.crt", "--tls-private-key-file=\(folder)/server.key",
                "--client-ca-file=\(authority)", "--token-auth-file=\(folder)/tokens.csv",
                "--service-account-issuer=https://kubernetes.default.svc",
                "--service-account-key-file=\(folder)/service-accounts.key",
                "--service-account-signing-key-file=\(folder)/service-accounts.key", "--authorization-mode=RBAC",
                // There is no controller that would make the service accounts that it asks for.
                "--disable-admission-plugins=ServiceAccount",
            ], in: folder, log: "\(folder)/kube-apiserver.log")
        server = started
        let port = port
        try await started.ready(within: .seconds(120)) {
            guard LoopbackPort.answers(port) else { return false }
            return try await self.attempt("get", "--raw", "/readyz", "--request-timeout=5s").exit.isSuccess
        }
    }

    /// Does something once on this server, though tests that share it ask for it at the same moment: of two `kubectl apply`
    /// that both find nothing there, one fails.
    ///
    /// - Returns: What the first call's body has returned.
    @discardableResult
    package func once(_ name: String, _ body: @escaping @Sendable () async throws -> Bool) async throws -> Bool {
        let task = begun[name] ?? Task { try await body() }
        begun[name] = task
        return try await task.value
    }

    /// The end of what the API server has said, for a test that has failed.
    package var lastWords: String { server?.lastWords ?? "" }
}

/// An API server for as long as the body runs.
package func withAPIServer<Result: Sendable>(
    isolation: isolated (any Actor)? = #isolation, _ body: (APIServer) async throws -> Result
) async throws -> Result {
    let server = try await APIServer.start()
    do {
        let result = try await body(server)
        await server.close()
        return result
    } catch {
        await server.close()
        throw error
    }
}

extension APIServer {
    /// The one that the tests of this process share, each with namespaces of its own. It ends with the process.
    package static var shared: APIServer {
        get async throws { try await sharedServer.value }
    }

    private static let sharedServer = Task { try await APIServer.start() }
}
