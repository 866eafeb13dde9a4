import HTTPClient

/// Lends a client and closes it.
func withHTTP<Result: Sendable>(_ body: (HTTPClient) async throws -> Result) async throws -> Result {
    let http = try HTTPClient(HTTPClientSettings(proxy: .none))
    do {
        let result = try await body(http)
        await http.close()
        return result
    } catch {
        await http.close()
        throw error
    }
}
