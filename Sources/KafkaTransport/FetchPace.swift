/// Whether records are to be fetched quickly: while anybody expects traffic, and for a while after.
struct FetchPace: Equatable {
    private var expecting: Set<Int> = []
    /// When the last who expected something ceased to.
    private var quietSince: ContinuousClock.Instant?
    /// What is in force.
    var isQuick = true

    init(now: ContinuousClock.Instant) {
        quietSince = now
    }

    mutating func expect(_ expected: Bool, by user: Int, now: ContinuousClock.Instant) {
        if expected {
            expecting.insert(user)
            quietSince = nil
        } else if expecting.remove(user) != nil, expecting.isEmpty {
            quietSince = now
        }
    }

    func wantsQuick(now: ContinuousClock.Instant, linger: Duration) -> Bool {
        guard let quietSince else { return true }
        return now - quietSince < linger
    }
}
