internal import HTTPClient

extension ClusterConfiguration {
    /// Reads a cluster and a user as kubectl does. What it doesn't read it refuses, rather than go another way, or as
    /// somebody else, than the user meant.
    init(
        cluster: KubeconfigEntry, user: KubeconfigEntry?, namespace: String, origin: String
    ) throws(ConfigurationError) {
        guard let server = try cluster.text("server") else {
            throw cluster.problem(
                nil, "cluster \"\(cluster.name)\" has no server", hint: "add server: https://HOST:PORT")
        }
        let address: ServerAddress
        do throws(ServerAddress.Mistake) {
            address = try ServerAddress(server)
        } catch {
            throw cluster.problem("server", error.problem, hint: error.hint)
        }
        let credentials = try user.map { user throws(ConfigurationError) in try Self.credentials(of: user) } ?? .none
        if !address.isSecure, !address.isLoopback, credentials != .none {
            throw cluster.problem(
                "server", "without TLS, whoever is on the way could read the credentials", hint: "write https://")
        }
        self.init(
            address, serverName: try Self.serverName(cluster), origin: origin, namespace: namespace,
            tls: TLSSettings(
                trust: try Self.trust(cluster),
                identity: try user.flatMap { user throws(ConfigurationError) in try Self.identity(of: user) },
                verifies: try !cluster.flag("insecure-skip-tls-verify")),
            credentials: credentials, proxy: try Self.proxy(cluster))
    }

    private static func trust(_ cluster: KubeconfigEntry) throws(ConfigurationError) -> TLSSettings.Trust {
        let authorities = try cluster.pem("certificate-authority", label: "CERTIFICATE")
        if authorities != nil, try cluster.flag("insecure-skip-tls-verify") {
            throw cluster.problem(
                "insecure-skip-tls-verify", "there is a certificate authority to verify the server with as well",
                hint: "remove one of the two")
        }
        return authorities.map { .only($0) } ?? .system
    }

    private static func serverName(_ cluster: KubeconfigEntry) throws(ConfigurationError) -> String? {
        guard let name = try cluster.text("tls-server-name") else { return nil }
        let isFine = name.utf8.allSatisfy {
            $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: ":") && $0 != UInt8(ascii: "@")
        }
        guard isFine else { throw cluster.problem("tls-server-name", "this is no name of a server") }
        return name
    }

    private static func proxy(_ cluster: KubeconfigEntry) throws(ConfigurationError) -> HTTPProxy {
        guard let url = try cluster.text("proxy-url") else { return .environment }
        // Kubernetes' clients have names resolved by the proxy, which libcurl calls socks5h.
        if url.hasPrefix("socks5://") { return .url("socks5h://" + url.dropFirst(9)) }
        guard url.hasPrefix("http://") || url.hasPrefix("https://") else {
            throw cluster.problem("proxy-url", "a proxy begins with http://, https:// or socks5://")
        }
        return .url(url)
    }

    private static func identity(of user: KubeconfigEntry) throws(ConfigurationError) -> TLSSettings.Identity? {
        let certificate = try user.pem("client-certificate", label: "CERTIFICATE")
        let key = try user.pem("client-key", label: "PRIVATE KEY")
        switch (certificate, key) {
        case (let certificate?, let key?): return TLSSettings.Identity(certificate: certificate, key: key)
        case (nil, nil): return nil
        case (_, nil): throw user.problem(nil, "user \"\(user.name)\" has a client certificate without its key")
        case (nil, _): throw user.problem(nil, "user \"\(user.name)\" has a client key without its certificate")
        }
    }

    private static func credentials(of user: KubeconfigEntry) throws(ConfigurationError) -> Credentials {
        for name in ["exec", "auth-provider"] where user.field(name) != nil {
            throw user.problem(
                name, "user \"\(user.name)\" gets credentials from a program (\(name)), which Martlet doesn't run",
                hint: "use a token instead, such as that of a service account "
                    + "(kubectl create token NAME), in tokenFile or token, or a client certificate")
        }
        for name in ["as", "as-uid", "as-groups", "as-user-extra"] where user.field(name) != nil {
            throw user.problem(
                name, "acting as somebody else (\(name)) is not supported", hint: "use that user's own credentials")
        }
        let token = try user.text("token")
        let file = try user.path("tokenFile")
        let name = try user.text("username")
        let password = try user.text("password")
        if token != nil || file != nil, name != nil || password != nil {
            throw user.problem(
                "username", "user \"\(user.name)\" has a token and a password", hint: "remove one of the two")
        }
        // As in kubectl, the file counts if there is one.
        if let file { return .tokenFile(file) }
        if let token {
            guard let secret = Secret(token: Array(token.utf8)) else {
                throw user.problem("token", "this is no token: it holds blanks or control characters")
            }
            return .token(secret)
        }
        guard let name else { return .none }
        guard !name.contains(":") else { throw user.problem("username", "a user's name may hold no colon") }
        return .password(user: name, Secret(password ?? ""))
    }
}
