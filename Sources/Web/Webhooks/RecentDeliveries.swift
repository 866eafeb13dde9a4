internal import Synchronization

/// The deliveries whose commands were carried out lately, so that one that comes again isn't obeyed again.
///
/// Runs that are made need no such memory: the store has one. The last 4096 are remembered, in this process alone.
final class RecentDeliveries: Sendable {
    private struct State {
        var known: Set<String> = []
        /// In the order of their coming, as a ring.
        var ring: [String] = []
        var next = 0
    }

    private let state = Mutex(State())
    private let limit: Int

    init(limit: Int = 4096) {
        self.limit = limit
    }

    /// Notes a delivery; false where it is known already.
    func begin(_ id: String) -> Bool {
        state.withLock { state in
            guard state.known.insert(id).inserted else { return false }
            if state.ring.count < limit {
                state.ring.append(id)
            } else {
                state.known.remove(state.ring[state.next])
                state.ring[state.next] = id
                state.next = (state.next + 1) % limit
            }
            return true
        }
    }

    /// Forgets one that came to nothing, so that it may come again.
    func forget(_ id: String) {
        state.withLock { state in
            guard state.known.remove(id) != nil, let place = state.ring.firstIndex(of: id) else { return }
            // The place stays taken, by what no delivery is called.
            state.ring[place] = ""
        }
    }
}
