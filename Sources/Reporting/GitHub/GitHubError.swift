internal import Document
internal import HTTPClient
internal import Model

/// Why GitHub didn't do what it was asked to, by what can be done about it.
enum GitHubError: Error, Equatable, Sendable {
    /// It may work later. `mayHaveActed` is true where GitHub may have done it all the same.
    case retry(String, mayHaveActed: Bool)
    /// GitHub wants nothing of this process for so many seconds; `isSecondary` without having said for how long.
    case limited(seconds: Int, isSecondary: Bool)
    /// The token isn't, or is no longer, valid.
    case unauthorised
    /// It won't work until somebody changes something: the status and GitHub's own words.
    case refused(status: Int, String)
    /// Settings that can't work; what to do.
    case misconfigured(String)

    static let longestPause = 3600

    /// Nil for an answer that is no error.
    ///
    /// - Parameter now: In seconds since 1970, which `x-ratelimit-reset` counts in.
    init?(_ response: HTTPResponse, now: Int64, isWrite: Bool) {
        let message = Self.message(response)
        switch response.status {
        case 200..<300: return nil
        case 401: self = .unauthorised
        case 403, 429:
            let isSecondary =
                message.lowercased().contains("secondary rate limit") || message.contains("abuse detection")
            if let seconds = response.headers["Retry-After"].flatMap({ Int($0) }) {
                self = .limited(seconds: Self.bounded(seconds), isSecondary: false)
            } else if response.headers["x-ratelimit-remaining"] == "0",
                let reset = response.headers["x-ratelimit-reset"].flatMap({ Int64($0) })
            {
                self = .limited(seconds: Self.bounded(Int(clamping: reset - now + 1)), isSecondary: false)
            } else if isSecondary || response.status == 429 {
                self = .limited(seconds: 60, isSecondary: true)
            } else {
                self = .refused(status: response.status, message)
            }
        case 408, 500...599: self = .retry("GitHub answers \(response.status)", mayHaveActed: isWrite)
        case 409: self = .retry("GitHub answers 409 (\(message))", mayHaveActed: false)
        default: self = .refused(status: response.status, message)
        }
    }

    init(_ error: HTTPError, isWrite: Bool) {
        switch error.kind {
        case .timedOut, .cannotConnect, .brokenOff:
            self = .retry(
                "GitHub can't be reached: \(error.reason.shown(200))", mayHaveActed: isWrite && !error.nothingSent)
        case .cancelled, .closed: self = .retry("the request to GitHub was cancelled", mayHaveActed: isWrite)
        case .untrusted: self = .retry("GitHub's certificate isn't one to trust", mayHaveActed: false)
        case .tooLarge: self = .refused(status: 200, "the answer is too large")
        case .unusable: self = .misconfigured("the request to GitHub can't be sent (\(error.reason.shown(200)))")
        }
    }

    private static func bounded(_ seconds: Int) -> Int { min(max(seconds, 1), longestPause) }

    /// GitHub's own words, on one line.
    private static func message(_ response: HTTPResponse) -> String {
        guard let body = try? parseJSON(response.body), let message = body["message"]?.string else { return "" }
        let details = (body["errors"]?.array ?? []).prefix(3).compactMap { $0["message"]?.string ?? $0.string }
        return (details.isEmpty ? message : "\(message): \(details.joined(separator: ", "))").shown(200)
    }
}
