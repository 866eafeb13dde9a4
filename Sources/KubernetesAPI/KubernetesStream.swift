internal import HTTPClient

/// A response that goes on, in the port's terms.
final class KubernetesStream: APIStream {
    private let stream: HTTPStream
    private let server: String

    init(_ stream: HTTPStream, server: String) {
        self.stream = stream
        self.server = server
    }

    func next() async throws(APIError) -> [UInt8]? {
        do throws(HTTPError) {
            return try await stream.next()
        } catch {
            throw APIError(error, server: server)
        }
    }

    func cancel() { stream.cancel() }
}

extension HTTPStream {
    /// The rest of an answer that wasn't the one asked for, or its beginning if it is long.
    func wholeResponse() async throws(HTTPError) -> HTTPResponse {
        var body: [UInt8] = []
        while body.count < 64 << 10, let bytes = try await next() { body += bytes }
        cancel()
        return HTTPResponse(head: head, body: body)
    }
}
