internal import Synchronization

/// Whether more is to be sent to this process.
final class Readiness: Sendable {
    private let stopping = Mutex(false)

    /// Set once the process is to end, while agents inside finish what they run.
    var isStopping: Bool {
        get { stopping.withLock { $0 } }
        set { stopping.withLock { $0 = newValue } }
    }
}
