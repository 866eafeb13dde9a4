internal import Model

/// Addresses that messages point to.
struct RunLinks: Equatable, Sendable {
    /// The dashboard's, without a slash at the end; nil where it has none.
    var external: String?

    /// A run's page: `<external>/runs/<namespace or ->/<name>`.
    func run(_ run: RunSummary) -> String? {
        external.map { "\($0)/runs/\(run.namespace ?? "-")/\(run.name)" }
    }

    /// A commit's page, for repositories on a host that is known to have such pages.
    func commit(_ run: RunSummary, host: GitHubHost?) -> String? {
        guard let host, let revision = run.revision, let repository = GitHubRepository(run.url, on: host) else {
            return nil
        }
        return "\(host.webURL)/\(repository.owner)/\(repository.name)/commit/\(revision)"
    }
}
