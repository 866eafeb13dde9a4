/// How much of something may be done: so much at once, and then at a rate. Pure state.
struct Allowance {
    private let burst: Double
    private let perSecond: Double
    private var left: Double
    private var last: ContinuousClock.Instant

    init(burst: Int, perSecond: Int, now: ContinuousClock.Instant) {
        self.burst = Double(burst)
        self.perSecond = Double(perSecond)
        left = Double(burst)
        last = now
    }

    /// Takes one, if there is one left.
    mutating func take(at now: ContinuousClock.Instant) -> Bool {
        let passed = now - last
        left = min(burst, left + perSecond * (passed / .seconds(1)))
        last = now
        guard left >= 1 else { return false }
        left -= 1
        return true
    }
}
