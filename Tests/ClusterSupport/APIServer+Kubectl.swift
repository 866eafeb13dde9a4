import Document
package import Execution
import Glibc

extension APIServer {
    /// Runs kubectl, whose version is the server's, to its end, whatever that is.
    package nonisolated func attempt(_ arguments: [String], as identity: Identity? = nil) async throws -> CapturedOutput
    {
        let path = getenv("PATH").map { String(cString: $0) } ?? StageEnvironment.defaultPath
        // Its home is where it keeps what it has learnt of a server, which another on the same port must not meet.
        let environment = ["PATH": path, "HOME": folder, "KUBECONFIG": (identity ?? admin).kubeconfig]
        return try await Command(
            assets.kubectl, arguments, environment: environment, workingDirectory: folder, timeout: .seconds(120)
        ).capture(limit: 16 << 20)
    }

    package nonisolated func attempt(_ arguments: String..., as identity: Identity? = nil) async throws
        -> CapturedOutput
    {
        try await attempt(arguments, as: identity)
    }

    /// Runs kubectl, which has to succeed.
    ///
    /// - Returns: What it has printed.
    /// - Throws: `ClusterError` with the command and what it has said.
    @discardableResult
    package nonisolated func kubectl(_ arguments: String..., as identity: Identity? = nil) async throws -> String {
        let reply = try await attempt(arguments, as: identity)
        guard reply.exit.isSuccess else {
            throw ClusterError(
                "kubectl \(arguments.joined(separator: " ")) \(reply.exit): \(reply.errorText)\(reply.outputText)")
        }
        return reply.outputText
    }

    /// A file with that text, for `kubectl … -f`.
    package nonisolated func file(_ text: String) throws -> String {
        let path = "\(folder)/\(String(UInt64.random(in: .min ... .max), radix: 36)).yaml"
        try FileSystem.write(Array(text.utf8), to: path)
        return path
    }

    /// Makes a namespace whose name begins so.
    package nonisolated func namespace(_ prefix: String = "test") async throws -> String {
        let name = "\(prefix)-\(String(UInt32.random(in: .min ... .max), radix: 36))"
        try await kubectl("create", "namespace", name)
        return name
    }

    /// Makes a service account, as pods have them, and a token for it that lasts a day.
    ///
    /// - Parameter clusterRole: What it may do, in every namespace; nothing when absent.
    package nonisolated func serviceAccount(
        _ name: String, namespace: String = "default", clusterRole: String? = nil
    ) async throws -> Identity {
        try await kubectl("create", "serviceaccount", name, "--namespace", namespace)
        if let clusterRole {
            try await kubectl(
                "create", "clusterrolebinding", "\(namespace)-\(name)-\(clusterRole)", "--clusterrole", clusterRole,
                "--serviceaccount", "\(namespace):\(name)")
        }
        let request = try file(
            #"{"apiVersion":"authentication.k8s.io/v1","kind":"TokenRequest","spec":{"expirationSeconds":86400}}"#)
        let answer = try await kubectl(
            "create", "--raw", "/api/v1/namespaces/\(namespace)/serviceaccounts/\(name)/token", "-f", request)
        guard let token = try parseJSON(answer)["status"]?["token"]?.string else {
            throw ClusterError("no token for \(namespace)/\(name): \(answer)")
        }
        return try Identity(name: "\(namespace)-\(name)", token: token, url: url, authority: authority, in: folder)
    }
}
