/// What holds for all requests of a client.
package struct HTTPClientSettings: Equatable, Sendable {
    package var tls: TLSSettings
    package var proxy: HTTPProxy
    /// `HOST:PORT` (an IPv6 address in brackets) to connect to, whatever the URLs say. Names in certificates and the
    /// header `Host` still go by the URL.
    package var connectTo: String?
    package var userAgent: String
    /// How long a connection may take to come about, names and TLS included.
    package var connectTimeoutSeconds: Double
    package var version: HTTPVersion
    /// How large a whole response may be.
    package var maxBodyBytes: Int
    /// Further requests to the same host wait for one of these, over HTTP/2 for a place on one, of which a server mostly
    /// gives a hundred. Few will do there: libcurl opens another for each request that finds all places taken, as long
    /// as it may. Streams have connections beyond these, one each.
    package var maxConnectionsPerHost: Int
    /// After so many seconds without any sign of life from the other machine a connection is given up, in whole
    /// seconds. A machine that has vanished says no goodbye, and a stream would wait for ever.
    package var vanishedPeerSeconds: Int

    package init(
        tls: TLSSettings = TLSSettings(), proxy: HTTPProxy = .environment, connectTo: String? = nil,
        userAgent: String = "martlet", connectTimeoutSeconds: Double = 10, version: HTTPVersion = .newest,
        maxBodyBytes: Int = 64 << 20, maxConnectionsPerHost: Int = 8, vanishedPeerSeconds: Int = 20
    ) {
        self.tls = tls
        self.proxy = proxy
        self.connectTo = connectTo
        self.userAgent = userAgent
        self.connectTimeoutSeconds = connectTimeoutSeconds
        self.version = version
        self.maxBodyBytes = maxBodyBytes
        self.maxConnectionsPerHost = maxConnectionsPerHost
        self.vanishedPeerSeconds = vanishedPeerSeconds
    }
}

/// What is spoken with servers. Streams are on HTTP/1.1 in any case.
package enum HTTPVersion: Equatable, Sendable {
    /// HTTP/2 where TLS offers it, with many requests at once on one connection; elsewhere HTTP/1.1.
    case newest
    /// HTTP/1.1, with a connection for each of the requests that are under way.
    case one
}

/// Which way requests take.
package enum HTTPProxy: Equatable, Sendable {
    /// What `https_proxy`, `HTTPS_PROXY`, `http_proxy` (in lower case only), `ALL_PROXY` and `NO_PROXY` say, as libcurl
    /// reads them.
    case environment
    /// Such as `http://proxy:3128` or `socks5h://proxy:1080`, for every request.
    case url(String)
    case none
}

extension HTTPProxy: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Without the address, which may hold a password.
    package var description: String {
        switch self {
        case .environment: "the environment's"
        case .url: "one of its own"
        case .none: "none"
        }
    }

    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// Whom to trust, and who we are. TLS 1.2 is the least.
package struct TLSSettings: Equatable, Sendable {
    /// PEM, as a file that is read anew for each connection, or as it is.
    package enum Source: Equatable, Sendable {
        case file(String)
        case pem(Secret)
    }

    package enum Trust: Equatable, Sendable {
        /// The certificate authorities of the system.
        case system
        /// These alone.
        case only(Source)
    }

    package struct Identity: Equatable, Sendable {
        /// The client's certificate, and those between it and the authority.
        package var certificate: Source
        /// Not encrypted.
        package var key: Source

        package init(certificate: Source, key: Source) {
            self.certificate = certificate
            self.key = key
        }
    }

    package var trust: Trust
    package var identity: Identity?
    /// False takes any certificate for any name: whoever is on the way can read and change everything.
    package var verifies: Bool

    package init(trust: Trust = .system, identity: Identity? = nil, verifies: Bool = true) {
        self.trust = trust
        self.identity = identity
        self.verifies = verifies
    }
}
