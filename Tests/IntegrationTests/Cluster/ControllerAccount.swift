import ClusterSupport
import Execution
import Testing

extension APIServer {
    /// A service account with the rights that the installation gives the controller, and no others.
    ///
    /// - Parameter everywhere: In all namespaces, as the installation binds them; else only in this one.
    func controllerAccount(in namespace: String, everywhere: Bool = false) async throws -> Identity {
        let manifest = try FileSystem.read("\(Programs.project)/manifests/install/martlet.yaml", limit: 1 << 20).bytes
        let documents = String(decoding: manifest, as: UTF8.self).split(separator: "\n---\n")
        let clusterRole = try #require(documents.first { $0.hasObject("ClusterRole", "martlet:martlet:controller") })
        let role = try #require(documents.first { $0.hasObject("Role", "martlet-controller-lease") })
        let file = try file(String(clusterRole))
        try await once("controller's role") {
            try await self.kubectl("apply", "-f", file)
            return true
        }
        let here = role.split(separator: "\n", omittingEmptySubsequences: false).map {
            $0 == "  namespace: martlet" ? "  namespace: \(namespace)" : $0
        }
        try await kubectl("apply", "-f", try self.file(here.joined(separator: "\n")))
        let account = try await serviceAccount("controller", namespace: namespace)
        let subject = "\(namespace):controller"
        if everywhere {
            try await kubectl(
                "create", "clusterrolebinding", namespace, "--clusterrole", "martlet:martlet:controller",
                "--serviceaccount",
                subject)
        } else {
            try await kubectl(
                "create", "rolebinding", "resources", "--namespace", namespace, "--clusterrole",
                "martlet:martlet:controller",
                "--serviceaccount", subject)
        }
        try await kubectl(
            "create", "rolebinding", "lease", "--namespace", namespace, "--role", "martlet-controller-lease",
            "--serviceaccount", subject)
        return account
    }
}

extension Substring {
    fileprivate func hasObject(_ kind: String, _ name: String) -> Bool {
        contains("\nkind: \(kind)\n") && contains("\n  name: \(name)\n")
    }
}
