internal import Synchronization

/// Tells an attempt to end before its time. Requests are remembered, so that none is lost between two programs.
package final class StopSignal: Sendable {
    package enum Request: Equatable, Sendable {
        /// SIGTERM, and SIGKILL after the grace.
        case terminate(grace: Duration)
        case kill
    }

    package enum Cause: Equatable, Sendable {
        /// By the controller or the agent.
        case stopped
        /// By the stage's own limit.
        case timedOut
    }

    private struct State {
        var request: Request?
        var cause: Cause?
        var handler: (@Sendable (Request) -> Void)?
    }

    private let state = Mutex(State())

    package init() {}

    /// Why the attempt is being ended; nil while it isn't. The first cause counts.
    package var cause: Cause? {
        state.withLock { $0.cause }
    }

    /// Returns at once.
    package func request(_ request: Request, cause: Cause = .stopped) {
        let handler = state.withLock { state in
            state.cause = state.cause ?? cause
            // What is being killed can't be asked any more.
            if state.request != .kill { state.request = request }
            return state.handler
        }
        handler?(request)
    }

    /// Who ends what runs from now on; called at once where the end has been requested before. Nil for nobody.
    package func whenRequested(_ handler: (@Sendable (Request) -> Void)?) {
        let request = state.withLock { state in
            state.handler = handler
            return state.request
        }
        if let request { handler?(request) }
    }
}
