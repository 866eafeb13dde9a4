package import HTTPClient

/// Whether a request that failed is sent again, and when.
///
/// - What only reads: after 429, 500, 502, 503, 504 and errors that may pass.
/// - What writes: after 429, by which the server says that it did nothing, and when the server got nothing. In all
///   other cases it may have acted, and whoever asked has to look.
package struct RetryPolicy: Equatable, Sendable {
    /// How an attempt failed.
    package enum Failure: Equatable, Sendable {
        case answer(APIStatus)
        case error(HTTPError)
    }

    /// The first one included.
    package var maxAttempts: Int
    /// The wait after the first failure, which doubles with each further one, up to the longest. In seconds.
    package var firstBackoff: Double
    package var longestBackoff: Double

    package init(maxAttempts: Int = 8, firstBackoff: Double = 0.1, longestBackoff: Double = 10) {
        self.maxAttempts = maxAttempts
        self.firstBackoff = firstBackoff
        self.longestBackoff = longestBackoff
    }

    /// How long to wait before the next attempt; nil if there is to be none.
    ///
    /// The back-off lies between half of its nominal time and the whole, so that clients that failed together don't
    /// come back together. `Retry-After` is waited out, and up to a quarter more. (Kubernetes' own clients retry on
    /// it alone, whatever the method.)
    ///
    /// - Parameters:
    ///   - attempt: How many attempts there have been.
    ///   - timeLeft: What is left of the request's time; no wait is as long.
    ///   - seed: What the jitter comes from.
    package func delay(
        afterAttempt attempt: Int, of method: APIRequest.Method, _ failure: Failure, timeLeft: Duration, seed: UInt64
    ) -> Duration? {
        guard attempt < maxAttempts, mayRepeat(method, failure) else { return nil }
        let chance = Self.chance(seed, attempt)
        let seconds: Double
        if case .answer(let status) = failure, let wanted = status.retryAfterSeconds, wanted > 0 {
            seconds = Double(wanted) * (1 + chance / 4)
        } else {
            // Not beyond what a Double can hold, whatever the number of attempts.
            let doublings = Double(1 << UInt64(min(attempt - 1, 30)))
            seconds = min(longestBackoff, firstBackoff * doublings) * (0.5 + chance / 2)
        }
        let delay = Duration.seconds(seconds)
        return delay < timeLeft ? delay : nil
    }

    private func mayRepeat(_ method: APIRequest.Method, _ failure: Failure) -> Bool {
        switch failure {
        case .answer(let status):
            status.code == 429 || method == .get && [500, 502, 503, 504].contains(status.code)
        case .error(let error):
            error.isRetriable && (method == .get || error.nothingSent)
        }
    }

    /// A number from 0 up to 1 that depends on its arguments alone (SplitMix64).
    private static func chance(_ seed: UInt64, _ attempt: Int) -> Double {
        var bits = seed &+ UInt64(truncatingIfNeeded: attempt) &* 0x9E37_79B9_7F4A_7C15
        bits = (bits ^ bits >> 30) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ bits >> 27) &* 0x94D0_49BB_1331_11EB
        return Double((bits ^ bits >> 31) >> 11) / Double(1 << 53 as UInt64)
    }
}
