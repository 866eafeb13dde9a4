package import Document
import Execution

extension APIServer {
    /// Applies Martlet's definitions (`crds/`) and waits until the server serves what they define.
    ///
    /// - Returns: Whether the server keeps the CEL rules. One before 1.25 knows of none: kubectl refuses them there,
    ///   and without its validation the server drops them.
    @discardableResult
    package nonisolated func installDefinitions() async throws -> Bool {
        try await once("definitions") { try await self.applyDefinitions() }
    }

    private nonisolated func applyDefinitions() async throws -> Bool {
        let files = ["pipelines", "pipelineruns"].flatMap { ["-f", "\(Assets.project)/crds/\($0).yaml"] }
        let reply = try await attempt(["apply"] + files)
        let knowsRules = reply.exit.isSuccess
        if !knowsRules {
            guard reply.errorText.contains("unknown field \"x-kubernetes-validations\"") else {
                throw ClusterError("the definitions are refused: \(reply.errorText)")
            }
            let unchecked = try await attempt(["apply", "--validate=false"] + files)
            guard unchecked.exit.isSuccess else {
                throw ClusterError("the definitions are refused: \(unchecked.errorText)")
            }
        }
        let deadline = ContinuousClock.now + .seconds(30)
        for resource in ["pipelines", "pipelineruns"] {
            while try await !attempt("get", "--raw", "/apis/martlet.dev/v1alpha1/\(resource)").exit.isSuccess {
                guard ContinuousClock.now < deadline else { throw ClusterError("\(resource) are not served") }
                try await Task.sleep(for: .milliseconds(50))
            }
        }
        // kubectl has looked around before they were there, and would go by that for some minutes.
        try await kubectl("api-resources", "--api-group=martlet.dev")
        return knowsRules
    }

    /// An object as the server has it.
    ///
    /// - Parameter resource: Its plural, such as `pipelineruns`.
    package nonisolated func object(_ resource: String, _ name: String, in namespace: String) async throws -> Node {
        try parseJSON(
            try await kubectl("get", "--raw", Self.path(resource, name, in: namespace)))
    }

    /// Writes an object's status, as a controller does.
    package nonisolated func writeStatus(
        _ status: Node, of resource: String, _ name: String, in namespace: String
    ) async throws {
        let object = try await object(resource, name, in: namespace)
        var members = (object.members ?? []).filter { $0.key != "status" }
        members.append(Node.Member(key: "status", value: status))
        let file = try file(Node(.object(members)).json())
        try await kubectl("replace", "--raw", "\(Self.path(resource, name, in: namespace))/status", "-f", file)
    }

    private static func path(_ resource: String, _ name: String, in namespace: String) -> String {
        "/apis/martlet.dev/v1alpha1/namespaces/\(namespace)/\(resource)/\(name)"
    }
}
