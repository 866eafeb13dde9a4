package import Agent
package import Controller
internal import Execution
package import Model

/// Resolves refs with git, for the controller.
///
/// Private repositories need a secret here as they do at an agent, under the same rules: a pipeline that may not use
/// a secret can't have it sent to a server of its own either.
package struct GitSourceResolver: SourceResolver {
    private let mirrors: GitMirrors
    private let secrets: SecretStore
    private let rules: SecretRules

    /// - Parameters:
    ///   - folder: For git's own files.
    ///   - allowsLocal: Whether `file:` URLs are taken, as in the folder home.
    package init(folder: String, allowsLocal: Bool, secrets: SecretStore, rules: SecretRules) {
        var allowed: Set<GitURL.Transport> = [.https, .ssh, .git, .http]
        if allowsLocal { allowed.insert(.file) }
        mirrors = GitMirrors(folder: folder, environment: ProcessVariables.all, allowed: allowed)
        self.secrets = secrets
        self.rules = rules
    }

    // A commit is what it is: nobody has to be asked, and the agent has the secret.
    package func known(_ request: SourceRequest) -> ResolvedSource? {
        mirrors.commit(request.ref, of: request.url).map { ResolvedSource(url: request.url, revision: $0) }
    }

    package func resolve(_ request: SourceRequest) async throws(SourceError) -> ResolvedSource {
        if let known = known(request) { return known }
        let credentials = try credentials(for: request)
        do {
            let found = try await mirrors.resolve(request.url, ref: request.ref, credentials: credentials)
            return ResolvedSource(url: request.url, revision: found.commit, ref: found.ref)
        } catch {
            // It goes into the run's status, and some servers repeat what they were sent.
            let masker = Masker(secrets: credentials.map { [$0.password] } ?? [])
            throw SourceError(masker.mask(cut: error.description), mayPass: error.isRetriable)
        }
    }

    private func credentials(for request: SourceRequest) throws(SourceError) -> GitCredentials? {
        guard let name = request.credentials else { return nil }
        guard rules.allow(name, namespace: request.namespace, pipeline: request.pipeline) else {
            let rule = "\(name)=\(request.namespace ?? "-")/\(request.pipeline)"
            throw SourceError(
                "the controller doesn't let this pipeline use the secret `\(name)` (start it with --allow-secret \(rule))",
                mayPass: false)
        }
        do {
            return try secrets.credentials(of: name)
        } catch {
            throw SourceError(error.description, mayPass: false)
        }
    }
}
