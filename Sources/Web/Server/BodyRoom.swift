internal import Synchronization

/// The memory that bodies under way may take together, so that many slow uploads can't take it all.
final class BodyRoom: Sendable {
    private let free: Mutex<Int>

    init(bytes: Int) {
        free = Mutex(bytes)
    }

    /// Takes that much; false where there isn't so much left.
    func take(_ bytes: Int) -> Bool {
        free.withLock { free in
            guard bytes <= free else { return false }
            free -= bytes
            return true
        }
    }

    func give(back bytes: Int) {
        free.withLock { $0 += bytes }
    }
}
