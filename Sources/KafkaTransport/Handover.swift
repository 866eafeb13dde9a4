import Dispatch
import Synchronization

/// Hands values from a thread to an async loop, one at a time; the thread waits until each has been dealt with.
///
/// For a thread of its own only, never one of Swift's pool.
final class Handover<Value: Sendable>: Sendable {
    let values: AsyncStream<Value>
    private let continuation: AsyncStream<Value>.Continuation
    private let done = DispatchSemaphore(value: 0)
    private let isClosed = Mutex(false)

    init() {
        (values, continuation) = AsyncStream.makeStream()
    }

    /// Blocks until `taken` is called. False once it is closed; then the value may not have been dealt with.
    func give(_ value: Value) -> Bool {
        // Not between the look and the wait: `close` signals under the same lock, and a signal lasts.
        let isGiven = isClosed.withLock { isClosed in
            if isClosed { return false }
            continuation.yield(value)
            return true
        }
        guard isGiven else { return false }
        done.wait()
        return !isClosed.withLock { $0 }
    }

    func taken() { done.signal() }

    func close() {
        isClosed.withLock { isClosed in
            isClosed = true
            continuation.finish()
            done.signal()
        }
    }
}
