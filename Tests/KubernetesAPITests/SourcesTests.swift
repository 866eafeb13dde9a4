import HTTPClient
import Testing

@testable import KubernetesAPI

/// Which cluster is meant, and a pod's service account.
@Suite struct SourcesTests {
    private let certificate = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"

    private func account() throws -> Folder {
        let folder = try Folder()
        try folder.write("token", "abc\n")
        try folder.write("ca.crt", certificate)
        try folder.write("namespace", "builds")
        return folder
    }

    @Test(arguments: [
        ("10.96.0.1", "443", "https://10.96.0.1:443"), ("fd00::1", "6443", "https://[fd00::1]:6443"),
        ("[fd00::1]", "6443", "https://[fd00::1]:6443"),
    ])
    func `a pod's service account`(_ host: String, _ port: String, _ server: String) throws {
        let folder = try account()
        let environment = ["KUBERNETES_SERVICE_HOST": host, "KUBERNETES_SERVICE_PORT": port, "HOME": "/nowhere"]
        let configuration = try ClusterConfiguration.find(environment: environment, serviceAccount: folder.path)
        #expect(configuration.server == server)
        #expect(configuration.credentials == .tokenFile("\(folder.path)/token"))
        #expect(configuration.tls == TLSSettings(trust: .only(.file("\(folder.path)/ca.crt"))))
        #expect(configuration.namespace == "builds")
        #expect(configuration.origin == "the service account of this pod")
    }

    @Test func `a kubeconfig that is named counts above KUBECONFIG, that above the pod, and that above the home`()
        throws
    {
        let folder = try account()
        let text = { (server: String) in
            """
            current-context: c
            clusters: [{name: k, cluster: {server: 'https://\(server)'}}]
            contexts: [{name: c, context: {cluster: k}}]
            """
        }
        let named = try folder.write("named", text("named"))
        let variable = try folder.write("variable", text("variable"))
        var environment = [
            "KUBECONFIG": variable, "KUBERNETES_SERVICE_HOST": "pod", "KUBERNETES_SERVICE_PORT": "443",
            "HOME": folder.path,
        ]
        let server = { (kubeconfig: String?) throws in
            try ClusterConfiguration.find(
                kubeconfig: kubeconfig, environment: environment, serviceAccount: folder.path
            ).server
        }
        #expect(try server(named) == "https://named:443")
        #expect(try server(nil) == "https://variable:443")
        environment["KUBECONFIG"] = ""
        #expect(try server(nil) == "https://pod:443")
        environment["KUBERNETES_SERVICE_HOST"] = nil
        let error = try #require(throws: ConfigurationError.self) { try server(nil) }
        #expect(error.description.hasPrefix("error: there is no cluster: KUBECONFIG is not set, ~/.kube/config"))
    }

    @Test func `files that are missing are said to be so`() throws {
        let folder = try account()
        let environment = ["KUBECONFIG": "\(folder.path)/a:\(folder.path)/b"]
        let error = try #require(throws: ConfigurationError.self) {
            try ClusterConfiguration.find(environment: environment)
        }
        #expect(error.description.hasPrefix("error: none of the files that KUBECONFIG names is there: "))
        let named = try #require(throws: ConfigurationError.self) {
            try ClusterConfiguration.find(kubeconfig: "/nowhere/config", environment: [:])
        }
        #expect(named.description == "/nowhere/config: error: there is no such file")
        let pod = try #require(throws: ConfigurationError.self) {
            try ClusterConfiguration.inCluster(["KUBERNETES_SERVICE_HOST": "h"], "/nowhere")
        }
        #expect(pod.description.hasPrefix("/nowhere/token: error: there is no such file"))
        let port = try #require(throws: ConfigurationError.self) {
            try ClusterConfiguration.inCluster(
                ["KUBERNETES_SERVICE_HOST": "h", "KUBERNETES_SERVICE_PORT": "https"], folder.path)
        }
        #expect(port.description == "error: KUBERNETES_SERVICE_PORT is no port: \"https\"")
    }

    @Test func `a token is read again after a minute, and when it was refused`() throws {
        let folder = try Folder()
        let path = try folder.write("token", " one \n")
        let file = TokenFile(path)
        #expect(try file.token(at: .zero) == Secret("one"))
        try folder.write("token", "two")
        #expect(try file.token(at: .seconds(59)) == Secret("one"))
        #expect(try file.token(at: .seconds(60)) == Secret("two"))

        try folder.write("token", "three")
        #expect(file.isRenewed(after: Secret("two"), at: .seconds(61)))
        #expect(try file.token(at: .seconds(62)) == Secret("three"))
        #expect(!file.isRenewed(after: Secret("three"), at: .seconds(63)))

        try folder.write("token", "")
        #expect(try file.token(at: .seconds(500)) == Secret("three"), "rather an old one than none")
        #expect(!file.isRenewed(after: Secret("three"), at: .seconds(501)))
    }

    @Test(arguments: [("", "this is no token"), ("a b", "this is no token"), ("a\u{0}b", "this is no token")])
    func `what is no token is not sent`(_ text: String, _ words: String) throws {
        let folder = try Folder()
        let path = try folder.write("token", text)
        let error = try #require(throws: APIError.self) { try TokenFile(path).token(at: .zero) }
        guard case .unusable(let reason) = error else {
            Issue.record("\(error)")
            return
        }
        #expect(reason.hasPrefix("\(path): error: \(words)"))
    }
}
