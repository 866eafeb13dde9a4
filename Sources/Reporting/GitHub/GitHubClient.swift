internal import Document
package import HTTPClient
internal import Model
internal import Synchronization

/// Requests to GitHub's REST API, as an App or with somebody's token.
package final class GitHubClient: Sendable {
    /// As whom a request is made.
    enum Identity: Equatable, Sendable {
        /// With the token where there is one, else as the App.
        case tokenOrApp
        case app
    }

    struct Answer: Sendable {
        var body: Node
    }

    private let configuration: GitHubConfiguration
    private let http: HTTPClient
    private let clock: ReportingClock
    private let userAgent: String
    private let timeoutSeconds: Double
    private let installations: AppInstallations?
    /// Secondary limits in a row, and until when the last of them holds.
    private let limits = Mutex<(count: Int, until: Duration)>((0, .zero))

    /// - Parameters:
    ///   - version: Martlet's own, for the header `User-Agent`.
    ///   - timeoutSeconds: How long an answer may take.
    package init(
        _ configuration: GitHubConfiguration, http: HTTPClient, clock: ReportingClock = .system, version: String,
        timeoutSeconds: Double = 20
    ) {
        self.configuration = configuration
        self.http = http
        self.clock = clock
        userAgent = "martlet/\(version)"
        self.timeoutSeconds = timeoutSeconds
        installations = configuration.app.flatMap { app in
            AppKey(pem: app.key).map { AppInstallations(app: app.id, key: $0) }
        }
    }

    var isApp: Bool { installations != nil }

    /// Sends a request for a repository; one whose token turns out to be no longer valid goes again with a new one.
    func send(
        _ method: String, _ path: String, for repository: GitHubRepository, as identity: Identity,
        body: [UInt8]? = nil, within limit: Double? = nil
    ) async throws(GitHubError) -> Answer {
        let timeoutSeconds = min(limit ?? timeoutSeconds, timeoutSeconds)
        if identity == .tokenOrApp, let token = configuration.token {
            do throws(GitHubError) {
                return try await exchange(method, path, token: token, body: body, timeoutSeconds: timeoutSeconds)
            } catch .unauthorised {
                throw .misconfigured(
                    "GitHub refuses the token; give a valid one (--github-token-file, MARTLET_GITHUB_TOKEN)")
            }
        }
        guard let installations else {
            throw .misconfigured("GitHub needs a token or an App; set --github-app-id and github-app-key-file")
        }
        let token = try await token(for: repository, installations, timeoutSeconds: timeoutSeconds)
        do throws(GitHubError) {
            return try await exchange(method, path, token: token, body: body, timeoutSeconds: timeoutSeconds)
        } catch .unauthorised {
            installations.drop(token)
        }
        let fresh = try await self.token(for: repository, installations, timeoutSeconds: timeoutSeconds)
        do throws(GitHubError) {
            return try await exchange(method, path, token: fresh, body: body, timeoutSeconds: timeoutSeconds)
        } catch .unauthorised {
            throw .retry("GitHub refuses a token that it has just given", mayHaveActed: false)
        }
    }

    /// A token of the App's installation that has the repository.
    private func token(
        for repository: GitHubRepository, _ installations: AppInstallations, timeoutSeconds: Double
    ) async throws(GitHubError) -> Secret {
        let now = clock.wall()
        let known = installations.installation(of: repository)
        if let known, let token = installations.token(of: known, at: now) { return token }
        guard let identity = installations.identity(at: now) else {
            throw .misconfigured("the GitHub App's key can't sign; generate a new one on the App's settings page")
        }
        do throws(GitHubError) {
            let id: Int64
            if let known {
                id = known
            } else {
                let answer = try await exchange(
                    "GET", "\(repository.path)/installation", token: identity, body: nil,
                    timeoutSeconds: timeoutSeconds)
                guard let found = answer.body["id"]?.int else {
                    throw .retry("GitHub's answer isn't what its API gives", mayHaveActed: false)
                }
                id = found
                installations.remember(id, for: repository)
            }
            let answer = try await exchange(
                "POST", "/app/installations/\(id)/access_tokens", token: identity, body: Array("{}".utf8),
                timeoutSeconds: timeoutSeconds)
            guard let token = answer.body["token"]?.string, URLRule.isHeaderValue(token),
                let expiry = answer.body["expires_at"]?.string.flatMap({ Timestamp($0) })
            else { throw .retry("GitHub's answer isn't what its API gives", mayHaveActed: false) }
            installations.remember(Secret(token), until: expiry, for: id)
            return Secret(token)
        } catch .unauthorised {
            throw .misconfigured(
                "GitHub refuses the App; check --github-app-id, its key, and that this machine's clock is right")
        } catch .refused(404, _) {
            installations.forget(repository)
            // It may have been installed anew, under another number.
            if known != nil {
                return try await self.token(for: repository, installations, timeoutSeconds: timeoutSeconds)
            }
            throw .misconfigured(
                "the GitHub App isn't installed for \(repository.owner)/\(repository.name); "
                    + "install it there on the App's page")
        }
    }

    private func exchange(
        _ method: String, _ path: String, token: Secret, body: [UInt8]?, timeoutSeconds: Double
    ) async throws(GitHubError) -> Answer {
        var headers: HTTPHeaders = [
            "Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28", "User-Agent": userAgent,
            "Authorization": "Bearer \(token.text)",
        ]
        if body != nil { headers["Content-Type"] = "application/json; charset=utf-8" }
        let request = HTTPRequest(
            method, URLRule.base(configuration.apiURL) + path, headers: headers, body: body,
            timeoutSeconds: timeoutSeconds)
        let response: HTTPResponse
        do throws(HTTPError) {
            response = try await http.send(request)
        } catch {
            throw GitHubError(error, isWrite: body != nil)
        }
        let now = clock.wall().microseconds / 1_000_000
        if let error = GitHubError(response, now: now, isWrite: body != nil) { throw grown(error) }
        limits.withLock { $0.count = 0 }
        guard !response.body.isEmpty else { return Answer(body: Node(.null)) }
        guard let node = try? parseJSON(response.body) else {
            throw .retry("GitHub's answer isn't what its API gives", mayHaveActed: body != nil)
        }
        return Answer(body: node)
    }

    /// A secondary limit says not for how long: a minute at first, and twice as long each time in a row. Requests that
    /// met the same limit together count once.
    private func grown(_ error: GitHubError) -> GitHubError {
        guard case .limited(let seconds, true) = error else { return error }
        let now = clock.now()
        let wait = limits.withLock { limits in
            if limits.count == 0 || now >= limits.until {
                limits.count += 1
                let longer = min(seconds << min(limits.count - 1, 4), GitHubError.longestPause)
                limits.until = now + .seconds(longer)
            }
            return limits.until - now
        }
        return .limited(seconds: max(1, Int(wait.components.seconds)), isSecondary: true)
    }
}
