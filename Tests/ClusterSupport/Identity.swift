import Execution

/// Somebody whom the API server knows by a token.
package struct Identity: Sendable {
    package let name: String
    package let token: String
    /// The path of a kubeconfig that says where the server is, and holds the token.
    package let kubeconfig: String

    init(name: String, token: String, url: String, authority: String, in folder: String) throws {
        self.name = name
        self.token = token
        kubeconfig = "\(folder)/\(name).kubeconfig"
        let text = """
            apiVersion: v1
            kind: Config
            current-context: test
            clusters:
              - name: test
                cluster: {server: "\(url)", certificate-authority: "\(authority)"}
            users:
              - name: \(name)
                user: {token: "\(token)"}
            contexts:
              - name: test
                context: {cluster: test, user: "\(name)", namespace: default}

            """
        try FileSystem.write(Array(text.utf8), to: kubeconfig)
    }
}
