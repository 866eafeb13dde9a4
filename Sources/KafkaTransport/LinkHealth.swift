/// Whether the controller's own fetches are being answered, by the proofs of it: pure state.
struct LinkHealth {
    /// Longer than a broker's change of leader takes, and far below a lease.
    static let limit = Duration.milliseconds(3500)

    /// Nil until it is known.
    private(set) var isUp: Bool?
    private var lastProof: ContinuousClock.Instant

    init(now: ContinuousClock.Instant) {
        lastProof = now
    }

    /// Something was fetched, or reading has got to an end asked for just before. True if the link is up only now.
    mutating func proven(at now: ContinuousClock.Instant) -> Bool {
        lastProof = now
        if isUp == true { return false }
        isUp = true
        return true
    }

    /// True if the link is down only now.
    mutating func looked(at now: ContinuousClock.Instant) -> Bool {
        guard isUp != false, now - lastProof > Self.limit else { return false }
        isUp = false
        return true
    }
}
