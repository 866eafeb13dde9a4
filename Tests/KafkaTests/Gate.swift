import Glibc
import Synchronization

/// Holds up a thread until it is opened. Only for a client's own thread: it blocks.
final class Gate: Sendable {
    private let isOpen = Atomic<Bool>(false)

    func open() { isOpen.store(true, ordering: .releasing) }

    func pass() {
        while !isOpen.load(ordering: .acquiring) { sched_yield() }
    }
}
