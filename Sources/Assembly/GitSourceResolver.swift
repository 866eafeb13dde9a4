package import Controller
internal import Execution
package import Model

/// Resolves refs with git, for the controller.
package struct GitSourceResolver: SourceResolver {
    private let mirrors: GitMirrors

    /// - Parameter allowsLocal: whether `file:` URLs are taken, as in the folder home.
    package init(folder: String, allowsLocal: Bool) {
        var allowed: Set<GitURL.Transport> = [.https, .ssh, .git, .http]
        if allowsLocal { allowed.insert(.file) }
        mirrors = GitMirrors(folder: folder, environment: ProcessVariables.all, allowed: allowed)
    }

    package func resolve(
        url: String, ref: String?, credentials: String?
    ) async throws(SourceError) -> ResolvedSource {
        do {
            let revision = try await mirrors.resolve(url, ref: ref)
            return ResolvedSource(url: url, revision: revision, ref: ref == revision ? nil : ref)
        } catch {
            throw SourceError(error.description, mayPass: error.isRetriable)
        }
    }
}
