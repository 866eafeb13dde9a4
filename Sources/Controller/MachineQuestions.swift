internal import Synchronization

/// What others want to know of the controller's machine. Nothing is found out unless somebody asks.
final class MachineQuestions: Sendable {
    private typealias Question = @Sendable (ControllerMachine?, Moment) -> Void

    private struct State {
        var waiting: [Question] = []
        var isServed = false
    }

    private let state = Mutex(State())

    /// The machine's answer as it is between two steps; nil where none runs.
    ///
    /// - Parameter signal: Has the loop come round.
    func ask<Answer: Sendable>(
        _ question: @escaping @Sendable (ControllerMachine, Moment) -> Answer, signal: () -> Void
    ) async -> Answer? {
        await withCheckedContinuation { (waiter: CheckedContinuation<Answer?, Never>) in
            let isServed = state.withLock { state in
                guard state.isServed else { return false }
                state.waiting.append { machine, now in waiter.resume(returning: machine.map { question($0, now) }) }
                return true
            }
            if isServed { signal() } else { waiter.resume(returning: nil) }
        }
    }

    /// Begins to take questions.
    func begin() { state.withLock { $0.isServed = true } }

    func answer(from machine: ControllerMachine, at now: Moment) {
        for question in take() { question(machine, now) }
    }

    /// Takes no more.
    func finish() {
        state.withLock { $0.isServed = false }
        for question in take() { question(nil, Moment.now) }
    }

    private func take() -> [Question] {
        state.withLock { state in
            defer { state.waiting = [] }
            return state.waiting
        }
    }
}
