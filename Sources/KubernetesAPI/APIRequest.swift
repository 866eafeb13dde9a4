/// A request to a Kubernetes API server.
package struct APIRequest: Equatable, Sendable {
    package enum Method: String, Equatable, Sendable {
        case get = "GET"
        case post = "POST"
        case put = "PUT"
        case patch = "PATCH"
        case delete = "DELETE"
    }

    /// One parameter of the query, not yet percent-encoded.
    package struct Parameter: Equatable, Sendable {
        package var name: String
        package var value: String

        package init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    package var method: Method
    /// Absolute, beginning with `/api` or `/apis`; its segments are percent-encoded where they need it.
    package var path: String
    package var query: [Parameter]
    /// JSON.
    package var body: [UInt8]?
    /// Of the body: `application/json`, or one of the types of a patch.
    package var contentType: String
    /// How long to wait for the whole answer, in seconds; for a stream, for its head.
    package var timeoutSeconds: Double

    package init(
        _ method: Method, _ path: String, query: [Parameter] = [], body: [UInt8]? = nil,
        contentType: String = "application/json", timeoutSeconds: Double = 30
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.body = body
        self.contentType = contentType
        self.timeoutSeconds = timeoutSeconds
    }
}
