internal import Glibc

/// A lock that several agents of one machine respect too: many may use a folder, or one may change it.
struct FolderLock: ~Copyable, Sendable {
    private let file: OpenDescriptor

    private init(file: OpenDescriptor) {
        self.file = file
    }

    deinit {
        // Not only by closing: a process being forked right now may hold a copy of the descriptor for a moment.
        flock(file.number, LOCK_UN)
    }

    enum Kind {
        case use
        case change
        fileprivate var operation: Int32 { (self == .use ? LOCK_SH : LOCK_EX) | LOCK_NB }
    }

    /// Nil where somebody else's use forbids it.
    static func attempt(_ kind: Kind, file path: String) throws(SystemError) -> FolderLock? {
        let file = try OpenDescriptor.opening(path, O_RDWR | O_CREAT | O_NOFOLLOW)
        if flock(file.number, kind.operation) == 0 { return FolderLock(file: file) }
        guard errno == EWOULDBLOCK || errno == EINTR else { throw SystemError("lock \(path)") }
        return nil
    }

    /// Waits. The kernel can only tell a thread that blocks, of which there would have to be one a waiter; who waits
    /// here waits for a fetch, compared with which ten milliseconds are nothing.
    static func acquire(_ kind: Kind, file path: String) async throws -> FolderLock {
        while true {
            if let lock = try attempt(kind, file: path) { return lock }
            try await ContinuousClock().sleep(for: .milliseconds(10))
        }
    }
}
