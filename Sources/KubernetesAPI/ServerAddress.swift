/// The address of an API server, taken apart.
struct ServerAddress: Equatable {
    var isSecure: Bool
    /// A name, an IPv4 address, or an IPv6 address in brackets.
    var host: String
    var port: Int
    /// What precedes `/api` and `/apis`: empty, or with a slash in front and none at the end.
    var path: String

    struct Mistake: Error, Equatable {
        var problem: String
        var hint: String?
    }

    init(host: String, port: Int) {
        self.init(isSecure: true, host: host, port: port, path: "")
    }

    private init(isSecure: Bool, host: String, port: Int, path: String) {
        self.isSecure = isSecure
        self.host = host
        self.port = port
        self.path = path
    }

    init(_ url: String) throws(Mistake) {
        let secure = url.hasPrefix("https://")
        guard secure || url.hasPrefix("http://") else {
            throw Mistake(problem: "this is no address of a server", hint: "write https://HOST:PORT")
        }
        guard url.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }), !url.contains("?"), !url.contains("#") else {
            throw Mistake(problem: "this address holds what none may hold", hint: "write https://HOST:PORT")
        }
        let rest = url.dropFirst(secure ? 8 : 7)
        let authority = rest.prefix { $0 != "/" }
        // Not shown: it may well hold a password.
        guard !authority.contains("@") else {
            throw Mistake(problem: "no user belongs into the server's address", hint: "put it into the user's entry")
        }
        var path = rest.dropFirst(authority.count)
        while path.hasSuffix("/") { path.removeLast() }

        let host: Substring
        let portText: Substring?
        if authority.hasPrefix("["), let end = authority.firstIndex(of: "]") {
            host = authority[...end]
            let after = authority[authority.index(after: end)...]
            guard after.isEmpty || after.hasPrefix(":") else { throw Mistake(problem: "this is no host and port") }
            portText = after.isEmpty ? nil : after.dropFirst()
        } else if let colon = authority.firstIndex(of: ":") {
            host = authority[..<colon]
            portText = authority[authority.index(after: colon)...]
        } else {
            host = authority
            portText = nil
        }
        guard !host.isEmpty else { throw Mistake(problem: "the server's address has no host", hint: nil) }
        guard let port = portText.map({ Int($0) }) ?? (secure ? 443 : 80), (1...65535).contains(port) else {
            throw Mistake(
                problem: "the server's address has no valid port",
                hint: "ports go from 1 to 65535, and an IPv6 address needs brackets")
        }
        self.init(isSecure: secure, host: String(host), port: port, path: String(path))
    }

    var scheme: String { isSecure ? "https" : "http" }
    var authority: String { "\(host):\(port)" }
    var url: String { "\(scheme)://\(authority)\(path)" }

    /// Whether what is sent there stays on this machine.
    var isLoopback: Bool { host == "localhost" || host == "[::1]" || host.hasPrefix("127.") }
}
