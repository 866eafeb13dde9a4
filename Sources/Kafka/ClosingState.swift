/// Who waits for a client's thread to end.
struct ClosingState {
    private var isClosed = false
    private var waiters: [CheckedContinuation<Void, Never>] = []

    /// Keeps a waiter, or gives it back if there is nothing left to wait for.
    mutating func wait(_ waiter: CheckedContinuation<Void, Never>) -> CheckedContinuation<Void, Never>? {
        if isClosed { return waiter }
        waiters.append(waiter)
        return nil
    }

    /// The waiters to be resumed.
    mutating func close() -> [CheckedContinuation<Void, Never>] {
        isClosed = true
        defer { waiters = [] }
        return waiters
    }
}
