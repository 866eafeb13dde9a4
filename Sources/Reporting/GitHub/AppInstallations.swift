internal import HTTPClient
internal import Model
internal import Synchronization

/// Where a GitHub App is installed, and the tokens that it has there.
final class AppInstallations: Sendable {
    private struct Token {
        var secret: Secret
        var expiry: Timestamp
    }

    private struct State {
        var installations: [GitHubRepository: Int64] = [:]
        var tokens: [Int64: Token] = [:]
    }

    /// Tokens live for an hour, and are renewed so many seconds before their end.
    private static let margin = 300
    /// More repositories than this begin anew.
    private static let limit = 4096

    private let app: String
    private let key: AppKey
    private let state = Mutex(State())

    init(app: String, key: AppKey) {
        self.app = app
        self.key = key
    }

    /// The App's own token.
    func identity(at now: Timestamp) -> Secret? { key.token(app: app, at: now) }

    func installation(of repository: GitHubRepository) -> Int64? {
        state.withLock { $0.installations[repository] }
    }

    func token(of installation: Int64, at now: Timestamp) -> Secret? {
        state.withLock { state in
            guard let token = state.tokens[installation], now < token.expiry.adding(seconds: -Self.margin) else {
                return nil
            }
            return token.secret
        }
    }

    func remember(_ installation: Int64, for repository: GitHubRepository) {
        state.withLock { state in
            if state.installations.count >= Self.limit { state = State() }
            state.installations[repository] = installation
        }
    }

    func remember(_ token: Secret, until expiry: Timestamp, for installation: Int64) {
        state.withLock { $0.tokens[installation] = Token(secret: token, expiry: expiry) }
    }

    /// A token that isn't valid any more. The App may have been installed anew, under another id.
    func drop(_ token: Secret) {
        state.withLock { state in
            guard let installation = state.tokens.first(where: { $0.value.secret == token })?.key else { return }
            state.tokens[installation] = nil
            state.installations = state.installations.filter { $0.value != installation }
        }
    }

    func forget(_ repository: GitHubRepository) {
        state.withLock { state in
            guard let installation = state.installations.removeValue(forKey: repository) else { return }
            state.tokens[installation] = nil
        }
    }
}
