internal import Document
internal import HTTPTypes
internal import Hummingbird

/// What a request is answered with.
struct Answer {
    enum Content: String {
        case text = "text/plain; charset=utf-8"
        case json = "application/json"
        case html = "text/html; charset=utf-8"
        case css = "text/css; charset=utf-8"
        case metrics = "text/plain; version=0.0.4; charset=utf-8"
    }

    var status: Int
    var content: Content
    var body: [UInt8]
    var headers = HTTPFields()
    /// Whether the connection ends with it, so that nothing more of the request is read.
    var endsConnection = false

    init(_ status: Int, _ content: Content, _ body: [UInt8]) {
        self.status = status
        self.content = content
        self.body = body
    }

    init(_ status: Int, _ content: Content, _ body: String) {
        self.init(status, content, Array(body.utf8))
    }

    /// A refusal, in the form that the client reads.
    init(refusal status: Int, _ reason: String, asJSON: Bool) {
        if asJSON {
            var json = JSONWriter()
            json.beginObject()
            json.member("error", reason)
            json.endObject()
            self.init(status, .json, json.bytes)
        } else {
            self.init(status, .text, reason + "\n")
        }
    }

    var endingConnection: Answer {
        var answer = self
        answer.endsConnection = true
        return answer
    }

    func asking(toComeAgainIn seconds: Int) -> Answer {
        var answer = self
        answer.headers[.retryAfter] = String(seconds)
        return answer
    }

    /// No script runs, nothing is loaded from elsewhere, nobody frames a page or learns of its address.
    private static let guards: [(HTTPField.Name, String)] = [
        (
            .contentSecurityPolicy,
            "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        ),
        (.xContentTypeOptions, "nosniff"),
        (HTTPField.Name("Referrer-Policy"), "no-referrer"),
        (HTTPField.Name("X-Frame-Options"), "DENY"),
    ].compactMap { name, value in name.map { ($0, value) } }

    func response(isHead: Bool) -> Response {
        var fields = headers
        fields[.contentType] = content.rawValue
        for (name, value) in Self.guards { fields[name] = value }
        if fields[.cacheControl] == nil { fields[.cacheControl] = "no-store" }
        if endsConnection { fields[.connection] = "close" }
        let response = Response(
            status: HTTPResponse.Status(code: status), headers: fields,
            body: status == 304 ? ResponseBody() : ResponseBody(byteBuffer: ByteBuffer(bytes: body)))
        return isHead ? response.createHeadResponse() : response
    }
}
