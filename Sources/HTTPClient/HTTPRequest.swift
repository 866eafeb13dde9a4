/// A request as it goes over the wire.
package struct HTTPRequest: Equatable, Sendable {
    package var method: String
    /// Absolute (`https://host:port/path?query`), with everything percent-encoded that has to be. Neither a user nor a
    /// fragment may be part of it.
    package var url: String
    package var headers: HTTPHeaders
    /// Sent once: no connection that breaks makes the client send it again.
    package var body: [UInt8]?
    /// How long to wait for the whole response, in seconds; for a stream, for its head. Connecting, and waiting for a
    /// connection, are part of it.
    package var timeoutSeconds: Double
    /// Ends a stream that has brought less than a byte a second for so long, in whole seconds; nil waits for ever.
    ///
    /// A server that is gone is noticed without it (`HTTPClientSettings.vanishedPeerSeconds`); this is for servers
    /// that are there and say nothing, where they ought to say something from time to time. The time in which nobody
    /// asks for more doesn't count.
    package var idleSeconds: Int?

    package init(
        _ method: String, _ url: String, headers: HTTPHeaders = [:], body: [UInt8]? = nil,
        timeoutSeconds: Double = 30, idleSeconds: Int? = nil
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.timeoutSeconds = timeoutSeconds
        self.idleSeconds = idleSeconds
    }
}

extension HTTPRequest: CustomStringConvertible {
    package var description: String { "\(method) \(url)" }
}

extension HTTPRequest {
    /// What libcurl would send as something else, or not at all.
    var mistake: HTTPError? {
        func mistake(_ problem: String) -> HTTPError { HTTPError(.unusable, problem, nothingSent: true) }
        let isToken = { (text: String) in
            !text.isEmpty && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: ":") }
        }
        guard url.hasPrefix("https://") || url.hasPrefix("http://") else {
            return mistake("the URL has to begin with https:// or http://")
        }
        guard url.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            return mistake("the URL holds characters that have to be percent-encoded")
        }
        guard isToken(method) else { return mistake("the method is no word") }
        for field in headers.fields where !isToken(field.name) || !field.value.utf8.allSatisfy(Self.isVisible) {
            return mistake("the header \(field.name) holds characters that no header may hold")
        }
        guard timeoutSeconds > 0, timeoutSeconds < 1e6 else { return mistake("the timeout isn't a number of seconds") }
        return nil
    }

    private static func isVisible(_ byte: UInt8) -> Bool { byte >= 0x20 && byte != 0x7F || byte == 0x09 }
}
