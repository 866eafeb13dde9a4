package import HTTPClient
internal import Model

/// How GitHub is reached, and as whom.
package struct GitHubConfiguration: Equatable, Sendable {
    /// A GitHub App, which alone can write check runs.
    package struct App: Equatable, Sendable {
        /// The App's id or its client id.
        package var id: String
        /// Its private key as GitHub gives it: PEM.
        package var key: Secret

        package init(id: String, key: Secret) {
            self.id = id
            self.key = key
        }
    }

    package static let publicAPI = "https://api.github.com"

    package var apiURL: String
    /// Where repositories and pages are; by default it follows from `apiURL`.
    package var webURL: String?
    /// Someone's token, for commit statuses.
    package var token: Secret?
    package var app: App?

    package init(
        apiURL: String = GitHubConfiguration.publicAPI, webURL: String? = nil, token: Secret? = nil, app: App? = nil
    ) {
        self.apiURL = apiURL
        self.webURL = webURL
        self.token = token
        self.app = app
    }

    /// The host that repositories have to be on.
    package var host: GitHubHost {
        let base = URLRule.base(apiURL)
        if let webURL { return GitHubHost(webURL: URLRule.base(webURL)) }
        if base == Self.publicAPI { return GitHubHost(webURL: "https://github.com") }
        // GitHub Enterprise Server: https://HOST/api/v3. With data residency: https://api.NAME.ghe.com.
        if base.hasSuffix("/api/v3") { return GitHubHost(webURL: String(base.dropLast(7))) }
        return GitHubHost(webURL: base.replacing("://api.", with: "://", maxReplacements: 1))
    }

    /// What is wrong, a sentence each. None shows a secret.
    package var problems: [String] {
        var problems: [String] = []
        if let complaint = URLRule.complaint(about: apiURL) { problems.append("--github-api-url \(complaint)") }
        if let webURL, let complaint = URLRule.complaint(about: webURL) { problems.append("--github-url \(complaint)") }
        if token == nil, app == nil { problems.append("GitHub needs a token, or an App's id and private key") }
        if let token, !URLRule.isHeaderValue(token.text) {
            problems.append("the GitHub token is empty or holds spaces")
        }
        if let app {
            if app.id.isEmpty || !app.id.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == ".") }) {
                problems.append("--github-app-id is no App's id: it is the number on the App's settings page")
            }
            if AppKey(pem: app.key) == nil {
                problems.append(
                    "the GitHub App's key is no RSA private key in PEM form: generate one on the App's settings page")
            }
        }
        return problems
    }
}

/// A GitHub, by the address that people see.
package struct GitHubHost: Equatable, Sendable {
    /// Without a slash at the end.
    package var webURL: String
    /// As repositories' normalised URLs begin: `github.com`.
    package var name: String

    package init(webURL: String) {
        self.webURL = webURL
        name = RepositoryURL.normalised(webURL)
    }
}
