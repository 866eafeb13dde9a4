internal import Synchronization

/// Plays many seeds on all cores.
package struct SeedSweep: Sendable {
    /// What came of all of them.
    package struct Sum: Sendable {
        package var seeds = 0
        package var events = 0
        package var executions = 0
        /// Virtual microseconds.
        package var duration: Int64 = 0
        /// How often each fault of `Faults.named` struck.
        package var faults = Array(repeating: 0, count: Faults.named.count)
        /// Of all histories, in any order.
        package var hash: UInt64 = 0
        /// The seeds in which a rule didn't hold, ascending.
        package var failures: [(seed: UInt64, violation: Violation)] = []

        package init() {}

        mutating func add(_ outcome: SimulationOutcome) {
            seeds += 1
            events += outcome.events
            executions += outcome.executions
            duration += outcome.duration
            for (place, count) in outcome.faults.enumerated() { faults[place] += count }
            hash = hash &+ outcome.hash
            if let violation = outcome.violations.first { failures.append((outcome.seed, violation)) }
        }
    }

    package var options = SimulationOptions()
    package var first: UInt64 = 0
    package var count: UInt64 = 1
    package var workers = 1
    /// After so many seeds that fail no others are begun.
    package var failureLimit = 10

    package init() {}

    private struct State: Sendable {
        var next: UInt64 = 0
        var sum = Sum()
    }

    private final class Shared: Sendable {
        let state = Mutex(State())
    }

    /// - Parameter progress: told the sum after each seed, on any thread.
    package func run(progress: @escaping @Sendable (Sum) -> Void = { _ in }) async -> Sum {
        let shared = Shared()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<max(1, workers) {
                group.addTask {
                    while let seed = take(shared) {
                        let outcome = simulate(seed: seed, options: options)
                        let sum = shared.state.withLock { state in
                            state.sum.add(outcome)
                            return state.sum
                        }
                        progress(sum)
                    }
                }
            }
        }
        var sum = shared.state.withLock { $0.sum }
        sum.failures.sort { $0.seed < $1.seed }
        return sum
    }

    private func take(_ shared: Shared) -> UInt64? {
        shared.state.withLock { state in
            guard state.next < count, state.sum.failures.count < failureLimit, !Task.isCancelled else { return nil }
            defer { state.next += 1 }
            return first &+ state.next
        }
    }
}
