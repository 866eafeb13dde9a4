/// Who is told how runs go.
package struct ReportingConfiguration: Equatable, Sendable {
    package var slack: SlackConfiguration?
    package var github: GitHubConfiguration?
    /// The dashboard's address as people reach it, for links; there are none without it.
    package var externalURL: String?
    /// Martlet's own, for the header `User-Agent`.
    package var version: String

    package init(
        slack: SlackConfiguration? = nil, github: GitHubConfiguration? = nil, externalURL: String? = nil,
        version: String
    ) {
        self.slack = slack
        self.github = github
        self.externalURL = externalURL
        self.version = version
    }

    /// What is wrong, a sentence each; none shows a secret.
    package var problems: [String] {
        var problems = (slack?.problems ?? []) + (github?.problems ?? [])
        if let externalURL {
            // No secret goes there, so that plain http will do.
            let isPlain = externalURL.hasPrefix("http://")
            let secure = isPlain ? "https://\(externalURL.dropFirst(7))" : externalURL
            if let complaint = URLRule.complaint(about: secure) {
                problems.append("--external-url \(complaint.replacing("https://", with: "https:// or http://"))")
            }
        }
        return problems
    }
}
