import KubernetesAPI
import Synchronization

/// A clock that stands still until a test moves it.
final class ManualClock: Sendable {
    private struct Sleeper {
        var until: Duration
        var continuation: CheckedContinuation<Bool, Never>
    }

    private struct State {
        var now = Duration.zero
        var sleepers: [Int: Sleeper] = [:]
        var next = 0
    }

    private let state = Mutex(State())

    var microseconds: Int64 { state.withLock { $0.now.microseconds } }

    var clock: ClientClock {
        ClientClock(now: { self.state.withLock { $0.now } }, sleep: { await self.sleep($0) })
    }

    private func sleep(_ duration: Duration) async -> Bool {
        let number = state.withLock { state in
            state.next += 1
            return state.next
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let answer: Bool? = state.withLock { state in
                    if Task.isCancelled { return false }
                    if duration <= .zero { return true }
                    state.sleepers[number] = Sleeper(until: state.now + duration, continuation: continuation)
                    return nil
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            let sleeper = state.withLock { $0.sleepers.removeValue(forKey: number) }
            sleeper?.continuation.resume(returning: false)
        }
    }

    /// Moves on, wakes whoever is due, and lets everybody do what follows.
    func advance(_ duration: Duration) async {
        let due = state.withLock { state in
            state.now += duration
            let due = state.sleepers.filter { $0.value.until <= state.now }
            for number in due.keys { state.sleepers[number] = nil }
            return due.sorted { ($0.value.until, $0.key) < ($1.value.until, $1.key) }.map(\.value)
        }
        for sleeper in due { sleeper.continuation.resume(returning: true) }
        for _ in 0..<50 { await Task.yield() }
    }

    /// Moves on without waking anybody, as when the whole machine slept.
    func jump(_ duration: Duration) {
        state.withLock { $0.now += duration }
    }
}
