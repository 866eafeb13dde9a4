internal import Glibc
internal import HTTPClient
internal import YAML

extension ClusterConfiguration {
    /// Where a pod finds its service account.
    package static let serviceAccountFolder = "/var/run/secrets/kubernetes.io/serviceaccount"

    /// The cluster that is meant: by a kubeconfig that is named, by `KUBECONFIG`, by the pod we run in, or by
    /// `~/.kube/config`, whichever there is first. That is the order of Kubernetes' controllers.
    ///
    /// - Parameters:
    ///   - kubeconfig: A path. If it is given, nothing else counts.
    ///   - context: A context of the kubeconfig rather than its current one.
    package static func find(
        kubeconfig: String? = nil, context: String? = nil, environment: [String: String],
        serviceAccount folder: String = serviceAccountFolder
    ) throws(ConfigurationError) -> ClusterConfiguration {
        if let kubeconfig { return try Kubeconfig(paths: [kubeconfig]).configuration(context: context) }
        if let paths = environment["KUBECONFIG"], !paths.isEmpty {
            return try Kubeconfig(list: paths).configuration(context: context)
        }
        if context == nil, isInCluster(environment, folder) { return try inCluster(environment, folder) }
        guard let home = environment["HOME"], !home.isEmpty, exists("\(home)/.kube/config") else {
            throw ConfigurationError(
                "error: there is no cluster: KUBECONFIG is not set, ~/.kube/config isn't there, and this is no pod "
                    + "with a service account")
        }
        return try Kubeconfig(paths: ["\(home)/.kube/config"]).configuration(context: context)
    }

    private static func isInCluster(_ environment: [String: String], _ folder: String) -> Bool {
        environment["KUBERNETES_SERVICE_HOST"]?.isEmpty == false && exists("\(folder)/token")
    }

    /// The cluster of the pod we run in, as its service account.
    ///
    /// The token and the authority's certificate are files that Kubernetes writes anew; both are read again.
    package static func inCluster(
        _ environment: [String: String], _ folder: String = serviceAccountFolder
    ) throws(ConfigurationError) -> ClusterConfiguration {
        guard let host = environment["KUBERNETES_SERVICE_HOST"], !host.isEmpty else {
            throw ConfigurationError("error: KUBERNETES_SERVICE_HOST is not set: this is no pod")
        }
        let portText = environment["KUBERNETES_SERVICE_PORT"] ?? "443"
        guard let port = Int(portText), (1...65535).contains(port) else {
            throw ConfigurationError("error: KUBERNETES_SERVICE_PORT is no port: \"\(portText)\"")
        }
        let authorities = "\(folder)/ca.crt"
        for path in ["\(folder)/token", authorities] {
            do throws(YAMLFileError) {
                _ = try YAML.read(path: path, limits: .credentials)
            } catch {
                throw ConfigurationError(
                    "\(error): a pod gets its service account's files unless automountServiceAccountToken is false")
            }
        }
        let namespace = try? YAML.read(path: "\(folder)/namespace", limits: .credentials)
        return ClusterConfiguration(
            ServerAddress(host: host.contains(":") && !host.hasPrefix("[") ? "[\(host)]" : host, port: port),
            origin: "the service account of this pod",
            namespace: namespace.flatMap { Secret(token: $0) }?.text ?? "default",
            tls: TLSSettings(trust: .only(.file(authorities))), credentials: .tokenFile("\(folder)/token"))
    }

    private static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }
}

extension YAMLLimits {
    /// Tokens, keys and certificates are some KB.
    static let credentials = YAMLLimits(bytes: 1 << 20)
}
