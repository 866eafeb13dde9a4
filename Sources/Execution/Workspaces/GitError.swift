/// Why a repository or one of its commits could not be had.
package enum GitError: Error, Equatable, Sendable, CustomStringConvertible {
    case invalidURL(url: String, reason: String)
    case transportNotAllowed(url: String)
    case invalidRevision(revision: String, reason: String)
    /// The repository is there, but has no such branch, tag or commit.
    case missingRevision(url: String, revision: String)
    /// Several commits, or none that can be asked for, begin like this.
    case abbreviated(url: String, revision: String)
    case repositoryNotFound(url: String)
    case authentication(url: String, message: String)
    case network(url: String, message: String)
    case timedOut(url: String)
    /// git isn't installed, or the machine is out of something.
    case environment(String)
    /// Anything else git says.
    case failed(url: String, message: String)

    /// Whether the same request can succeed later with nothing else changed.
    package var isRetriable: Bool {
        switch self {
        case .network, .timedOut: true
        default: false
        }
    }

    package var description: String {
        switch self {
        case .invalidURL(let url, let reason): "`\(url)` is not the address of a repository: \(reason)"
        case .transportNotAllowed(let url): "this agent may not fetch from \(url): its transport is not allowed"
        case .invalidRevision(let revision, let reason): "`\(revision)` is not a revision: \(reason)"
        case .missingRevision(let url, let revision): "\(url) has no branch, tag or commit `\(revision)`"
        case .abbreviated(let url, let revision):
            "`\(revision)` is an abbreviated commit, which \(url) can't be asked for; give all 40 digits"
        case .repositoryNotFound(let url):
            "there is no repository at \(url), or these credentials may not see it"
        case .authentication(let url, let message): "\(url) refused the credentials: \(message)"
        case .network(let url, let message): "\(url) could not be reached: \(message)"
        case .timedOut(let url): "\(url) took too long to answer"
        case .environment(let message): message
        case .failed(let url, let message): "git failed for \(url): \(message)"
        }
    }

    /// What git's own words mean. They are asked for in English (`LC_ALL=C`).
    static func reading(_ result: CapturedOutput, url: GitURL) -> GitError {
        if result.exit.cause == .timeout { return .timedOut(url: url.text) }
        let lines = result.errorText.split(whereSeparator: \.isNewline).map(String.init)
        let telling = lines.filter { $0.hasPrefix("fatal:") || $0.hasPrefix("error:") || $0.hasPrefix("remote:") }
        let message = String((telling.isEmpty ? lines : telling).suffix(3).joined(separator: "; ").prefix(500))
        let text = result.errorText.lowercased()
        func says(_ parts: String...) -> Bool { parts.contains { text.contains($0) } }
        if says("' not allowed") && says("transport '") { return .transportNotAllowed(url: url.text) }
        if says(
            "authentication failed", "could not read username", "could not read password", "publickey",
            "error: 401", "error: 403", "terminal prompts disabled", "host key verification failed")
        {
            return .authentication(url: url.text, message: message)
        }
        if says(
            "repository not found", "does not appear to be a git repository", "error: 404", "does not exist",
            "repository '\(url.text.lowercased())' not found", "no such file or directory")
            || says("not found") && says("fatal: repository")
        {
            return .repositoryNotFound(url: url.text)
        }
        if says(
            "could not resolve host", "timed out", "connection refused", "failed to connect", "early eof",
            "rpc failed", "returned error: 5", "error: 429", "unexpected disconnect", "hung up unexpectedly",
            "too slow", "connection reset", "network is unreachable", "no route to host", "couldn't connect",
            "temporary failure in name resolution", "ssl_error", "gnutls", "connection closed")
        {
            return .network(url: url.text, message: message)
        }
        return .failed(url: url.text, message: message.isEmpty ? result.exit.description : message)
    }

    init(_ error: StartError) {
        self = .environment(error.description)
    }

    init(_ error: SystemError) {
        self = .environment(error.description)
    }
}
