package import HTTPClient

/// The way to one cluster: its address, whom to trust, and who we are there.
package struct ClusterConfiguration: Equatable, Sendable {
    /// What proves who we are, where it isn't a client certificate.
    package enum Credentials: Equatable, Sendable {
        case none
        case token(Secret)
        /// The path of a file that is written anew from time to time.
        case tokenFile(String)
        case password(user: String, Secret)
    }

    /// Such as `https://10.96.0.1:443`, for people.
    package let server: String
    /// Where the configuration is from, for people: `context "kind" of /root/.kube/config`.
    package var origin: String
    /// Of the context, or of the service account.
    package var namespace: String
    package var tls: TLSSettings
    package var credentials: Credentials
    package var proxy: HTTPProxy
    /// What URLs begin with. Where certificates are checked against another name than the server's own
    /// (`tls-server-name`), they hold that name, and `connectTo` says where it is.
    let base: String
    /// Host and port.
    let authority: String
    let connectTo: String?

    init(
        _ address: ServerAddress, serverName: String? = nil, origin: String, namespace: String,
        tls: TLSSettings = TLSSettings(), credentials: Credentials = .none, proxy: HTTPProxy = .environment
    ) {
        server = address.url
        authority = address.authority
        if let serverName {
            var named = address
            named.host = serverName
            base = named.url
            connectTo = address.authority
        } else {
            base = address.url
            connectTo = nil
        }
        self.origin = origin
        self.namespace = namespace
        self.tls = tls
        self.credentials = credentials
        self.proxy = proxy
    }

    /// A server at an address, such as for a test.
    ///
    /// - Throws: `ConfigurationError` for an address that makes no sense.
    package init(
        server: String, tls: TLSSettings = TLSSettings(), credentials: Credentials = .none,
        namespace: String = "default", proxy: HTTPProxy = .environment
    ) throws(ConfigurationError) {
        do throws(ServerAddress.Mistake) {
            self.init(
                try ServerAddress(server), origin: "an address", namespace: namespace, tls: tls,
                credentials: credentials, proxy: proxy)
        } catch {
            throw ConfigurationError("error: \(error.problem)" + (error.hint.map { ": \($0)" } ?? ""))
        }
    }
}
