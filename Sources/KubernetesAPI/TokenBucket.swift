/// A limit on how many requests go out: so many a second on average, and so many at once after a rest.
///
/// A value: time is passed in, as the time since some fixed moment.
package struct TokenBucket: Equatable, Sendable {
    package let perSecond: Double
    package let burst: Double
    /// Below zero for what has been promised to those who wait.
    private var tokens: Double
    private var last: Duration

    package init(perSecond: Double, burst: Double, at now: Duration) {
        precondition(perSecond > 0 && burst >= 1)
        self.perSecond = perSecond
        self.burst = burst
        tokens = burst
        last = now
    }

    /// Takes a token, and says how long to wait before it may be used; nil, and none taken, if that is longer than
    /// `patience`.
    package mutating func take(at now: Duration, patience: Duration) -> Duration? {
        // A clock that goes back adds nothing.
        let passed = max(.zero, now - last)
        last = max(last, now)
        tokens = min(burst, tokens + passed.inSeconds * perSecond)
        let wait: Duration = tokens >= 1 ? .zero : .seconds((1 - tokens) / perSecond)
        guard wait <= patience else { return nil }
        tokens -= 1
        return wait
    }
}

extension Duration {
    var inSeconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds) + Double(attoseconds) / 1e18
    }
}
