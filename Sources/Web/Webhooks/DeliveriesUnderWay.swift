internal import Synchronization

/// The deliveries whose commands are being carried out, so that one that comes twice at once is obeyed once.
///
/// Those that have been are for the desk to remember.
final class DeliveriesUnderWay: Sendable {
    private let ids = Mutex<Set<String>>([])

    /// Notes a delivery; false where it is under way already.
    func begin(_ id: String) -> Bool { ids.withLock { $0.insert(id).inserted } }

    func end(_ id: String) { ids.withLock { _ = $0.remove(id) } }
}
