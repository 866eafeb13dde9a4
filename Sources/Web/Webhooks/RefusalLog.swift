internal import Synchronization

/// Says which refusals are worth a line in the log: anybody can cause them, as often as they like.
final class RefusalLog: Sendable {
    private struct State {
        var count = 0
        var told: ContinuousClock.Instant?
    }

    private let state = Mutex(State())

    /// How many there were since the last line, this one included; nil while that was a moment ago.
    func note(at now: ContinuousClock.Instant = .now) -> Int? {
        state.withLock { state in
            state.count += 1
            if let told = state.told, now - told < .seconds(10) { return nil }
            defer { state = State(count: 0, told: now) }
            return state.count
        }
    }
}
