import Execution
import Glibc

/// The folder with `kube-apiserver`, `etcd` and `kubectl`.
package struct Assets: Sendable {
    package let folder: String

    package var apiServer: String { "\(folder)/kube-apiserver" }
    package var etcd: String { "\(folder)/etcd" }
    package var kubectl: String { "\(folder)/kubectl" }

    /// This project's folder.
    package static let project = #filePath.split(separator: "/").dropLast(3).map { "/\($0)" }.joined()

    /// What `KUBEBUILDER_ASSETS` names, or else what `scripts/envtest` has made or makes now.
    ///
    /// - Throws: `ClusterError` with what the script says. A test that needs an API server and has none has failed.
    package static func find() async throws(ClusterError) -> Assets {
        var environment: [String: String] = [:]
        for name in ["PATH", "HOME", "XDG_CACHE_HOME", "MARTLET_CACHE", "KUBEBUILDER_ASSETS", "TMPDIR"] {
            if let value = getenv(name) { environment[name] = String(cString: value) }
        }
        let script = Command("\(project)/scripts/envtest", environment: environment, workingDirectory: project)
        let reply: CapturedOutput
        do {
            reply = try await script.capture()
        } catch {
            throw ClusterError("scripts/envtest can't be started: \(error)")
        }
        guard reply.exit.isSuccess, let line = reply.outputText.split(separator: "\n").last else {
            throw ClusterError("scripts/envtest, which gives an API server, \(reply.exit):\n\(reply.errorText)")
        }
        return Assets(folder: String(line))
    }
}
