package import Model

/// Turns a ref into the commit that every stage of a run will see.
package protocol SourceResolver: Sendable {
    /// - Throws: `SourceError`.
    func resolve(url: String, ref: String?, credentials: String?) async throws(SourceError) -> ResolvedSource
}

package struct SourceError: Error, Equatable, Sendable {
    package var message: String
    /// Whether trying again may help: the network, not a missing revision.
    package var mayPass: Bool

    package init(_ message: String, mayPass: Bool) {
        self.message = message
        self.mayPass = mayPass
    }
}
