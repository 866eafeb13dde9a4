/// The way to an API server: what the list and watch, the store and the lease need of a client, and tests play by hand.
///
/// Guarantees: requests that only read are retried here, as are refusals that say that nothing was done (429); others
/// fail at once, since whether the server acted is unknown.
package protocol APIConnection: Sendable {
    /// Sends a request and reads the whole answer, which is the body of a 2xx.
    func send(_ request: APIRequest) async throws(APIError) -> [UInt8]

    /// Sends a request whose answer goes on, such as a watch. Returns once the head of a 2xx has come.
    func stream(_ request: APIRequest) async throws(APIError) -> any APIStream
}

/// An answer that goes on.
package protocol APIStream: Sendable {
    /// The next bytes, cut anywhere; nil once the server has ended the answer in order. Only one caller at a time.
    ///
    /// What nobody asks for stays with the server: there is no buffer that grows.
    func next() async throws(APIError) -> [UInt8]?

    /// Ends the answer; `next` returns nil or throws. May be called more than once, from anywhere.
    func cancel()
}
