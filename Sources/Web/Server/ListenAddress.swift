/// Where the server listens: `HOST:PORT`.
package struct ListenAddress: Equatable, Sendable, CustomStringConvertible {
    /// A name or an address; of IPv6 without its brackets.
    package var host: String
    /// 0 takes one that is free.
    package var port: Int

    package init(host: String = "127.0.0.1", port: Int) {
        self.host = host
        self.port = port
    }

    /// Reads `127.0.0.1:8080`, `localhost:8080`, `[::1]:8080`; nil for anything else. A host has to be named, so that
    /// nobody listens on all addresses by leaving it out.
    package init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
            return nil
        }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            return nil
        }
        guard !host.isEmpty, !host.contains("["), !host.contains("]"), !host.contains("/") else { return nil }
        self.init(host: String(host), port: Int(port))
    }

    package var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
