package import Document

extension APIStatus {
    /// Reads an answer that isn't a 2xx.
    ///
    /// - Parameter retryAfter: The header `Retry-After`, of which only seconds are understood, as API servers send it.
    package init(code: Int, body: [UInt8], retryAfter: String? = nil) {
        if let node = try? parseJSON(body), let status = APIStatus(node) {
            self = status
            // What was answered counts, whatever the object says of it.
            self.code = code
        } else {
            self.init(code: code, reason: Self.reason(of: code), message: Self.words(of: body, code: code))
        }
        if let seconds = retryAfter.flatMap({ Int($0) }), seconds >= 0 { retryAfterSeconds = seconds }
    }

    /// Reads a `Status` object, such as in an `ERROR` event of a watch; nil if it is something else.
    package init?(_ node: Node) {
        guard Self.text(node, "kind") == "Status" else { return nil }
        self.init(
            code: Self.number(node, "code"), reason: Self.text(node, "reason"), message: Self.text(node, "message"))
        guard let details = node["details"] else { return }
        let seconds = Self.number(details, "retryAfterSeconds")
        if seconds > 0 { retryAfterSeconds = seconds }
        for cause in details["causes"]?.array ?? [] {
            causes.append(
                Cause(
                    reason: Self.text(cause, "reason"), message: Self.text(cause, "message"),
                    field: Self.text(cause, "field")))
        }
    }

    // Not inlined: Swift 6.3.1's optimiser crashes on the accessors when they all end up in one function.
    @inline(never)
    private static func text(_ node: Node, _ name: String) -> String { node[name]?.string ?? "" }

    @inline(never)
    private static func number(_ node: Node, _ name: String) -> Int {
        guard let value = node[name]?.int else { return 0 }
        return Int(exactly: value) ?? 0
    }

    /// What stands between us and the server (a proxy, a load balancer) answers in its own way.
    private static func words(of body: [UInt8], code: Int) -> String {
        let text = String(decoding: body.prefix(512), as: UTF8.self).excerpt
        let isBlank = text.allSatisfy(\.isWhitespace)
        return isBlank ? "the server answered \(code) without a word" : "the server answered \(code): \(text)"
    }

    /// The reason that an API server gives with these codes, where a code has only one.
    private static func reason(of code: Int) -> String {
        switch code {
        case 400: "BadRequest"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 405: "MethodNotAllowed"
        case 410: "Gone"
        case 413: "RequestEntityTooLarge"
        case 415: "UnsupportedMediaType"
        case 429: "TooManyRequests"
        case 500: "InternalError"
        case 503: "ServiceUnavailable"
        case 504: "Timeout"
        default: ""
        }
    }
}

extension APIStatus: CustomStringConvertible {
    /// A sentence for a user: the server's words, then its reason and the code.
    package var description: String {
        let words = message.isEmpty ? "the server refused" : message
        return reason.isEmpty ? "\(words) (\(code))" : "\(words) (\(reason), \(code))"
    }
}

extension APIError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .refused(let status): status.description
        case .unreachable(let reason), .unusable(let reason): reason
        }
    }
}
