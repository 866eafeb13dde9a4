import HTTPClient
import HTTPTestSupport
import Testing

/// Lends a client and closes it.
func withClient<Result: Sendable>(
    _ settings: HTTPClientSettings = HTTPClientSettings(proxy: .none), _ body: (HTTPClient) async throws -> Result
) async throws -> Result {
    let client = try HTTPClient(settings)
    do {
        let result = try await body(client)
        await client.close()
        return result
    } catch {
        await client.close()
        throw error
    }
}

/// The error that a call throws; nil if it throws none.
func httpError<Result>(_ body: () async throws(HTTPError) -> Result) async -> HTTPError? {
    do throws(HTTPError) {
        _ = try await body()
        return nil
    } catch {
        return error
    }
}

extension HTTPClient {
    /// `send`, whose error's type the macros of swift-testing don't see through.
    func answer(_ request: HTTPRequest) async throws -> HTTPResponse { try await send(request) }
}

extension HTTPResponse {
    var text: String { String(decoding: body, as: UTF8.self) }
}

extension HTTPStream {
    /// The next bytes as text; nil at the end.
    func text() async throws -> String? {
        try await next().map { String(decoding: $0, as: UTF8.self) }
    }

    /// All that is left.
    func rest() async throws -> [UInt8] {
        var all: [UInt8] = []
        while let bytes = try await next() { all += bytes }
        return all
    }
}
