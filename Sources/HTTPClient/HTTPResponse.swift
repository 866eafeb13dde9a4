/// How a response begins.
package struct HTTPHead: Equatable, Sendable {
    package var status: Int
    package var headers: HTTPHeaders
    /// As the server wrote it: `1.1` or `2`.
    package var version: String

    package init(status: Int, headers: HTTPHeaders = [:], version: String = "1.1") {
        self.status = status
        self.headers = headers
        self.version = version
    }
}

/// A response that has come whole, whatever its status.
package struct HTTPResponse: Equatable, Sendable {
    package var head: HTTPHead
    package var body: [UInt8]

    package init(head: HTTPHead, body: [UInt8] = []) {
        self.head = head
        self.body = body
    }

    package var status: Int { head.status }
    package var headers: HTTPHeaders { head.headers }
}
