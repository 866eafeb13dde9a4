package import Model

/// Turns a ref into the commit that every stage of a run will see.
package protocol SourceResolver: Sendable {
    /// - Throws: `SourceError`.
    func resolve(_ request: SourceRequest) async throws(SourceError) -> ResolvedSource

    /// What nobody has to be asked for, such as a commit that is given as one; nil for all else. Doesn't wait.
    func known(_ request: SourceRequest) -> ResolvedSource?
}

extension SourceResolver {
    package func known(_ request: SourceRequest) -> ResolvedSource? { nil }
}

/// What is asked of a repository, and for whom.
package struct SourceRequest: Equatable, Sendable {
    package var url: String
    /// A commit, or what resolves to one; the repository's HEAD when absent.
    package var ref: String?
    /// The name of a secret, which the pipeline has to be allowed to use.
    package var credentials: String?
    package var pipeline: String
    package var namespace: String?

    package init(
        url: String, ref: String? = nil, credentials: String? = nil, pipeline: String = "", namespace: String? = nil
    ) {
        self.url = url
        self.ref = ref
        self.credentials = credentials
        self.pipeline = pipeline
        self.namespace = namespace
    }
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
