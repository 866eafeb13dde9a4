internal import Synchronization

/// Says that there is something to look at. However often it rings before anybody looks, it is one ring.
final class Doorbell: Sendable {
    private enum State {
        case silent
        case rung
        case awaited(CheckedContinuation<Void, Never>)
    }

    private let state = Mutex(State.silent)

    func ring() {
        let waiter = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard case .awaited(let waiter) = state else {
                state = .rung
                return nil
            }
            state = .silent
            return waiter
        }
        waiter?.resume()
    }

    /// Returns once it has rung since the last return, or the task is cancelled. For one task at a time.
    func wait() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { waiter in
                let goesOn = state.withLock { state in
                    if case .silent = state, !Task.isCancelled {
                        state = .awaited(waiter)
                        return false
                    }
                    state = .silent
                    return true
                }
                if goesOn { waiter.resume() }
            }
        } onCancel: {
            ring()
        }
    }
}
