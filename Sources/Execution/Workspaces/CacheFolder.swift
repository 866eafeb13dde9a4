internal import Glibc

/// Where stages of one repository and trust level keep what they'd otherwise download each time.
///
/// Two trust levels never share a folder: what a pull request from a fork leaves there must not reach a stage that
/// has secrets.
package struct CacheFolder: Equatable, Sendable {
    /// The folder of all caches of this agent.
    package let parent: String
    package let limitBytes: Int64

    package init(parent: String, limitBytes: Int64 = 10 << 30) {
        self.parent = parent
        self.limitBytes = limitBytes
    }

    private var locks: String { "\(parent).locks" }

    /// The folder for a repository and a trust level, made if it isn't there. It stays as long as what is returned.
    package func use(repository: GitURL?, trust: String) async throws -> Use {
        let name = try FolderName.of((repository?.normalised ?? "") + "@" + trust)
        try FileSystem.makeFolder(locks)
        let lock = try await FolderLock.acquire(.use, file: "\(locks)/\(name)")
        let path = "\(parent)/\(name)"
        try FileSystem.makeFolder(path)
        FileTree.touch(path)
        return Use(path: path, lock: lock)
    }

    /// Keeps a cache's folder from being removed while a stage works with it.
    package final class Use: Sendable {
        package let path: String
        private let lock: FolderLock

        init(path: String, lock: consuming FolderLock) {
            self.path = path
            self.lock = lock
        }
    }

    /// Removes the folders that were not used for the longest time until the rest is within the limit; none that a stage
    /// uses, of whichever agent. A single folder that is too large is removed too, once nobody uses it.
    package func prune() async {
        let (parent, locks, limitBytes) = (parent, locks, limitBytes)
        await FileThread.cleaning.run {
            FolderPruning.pruneNow(parent, locks: locks, limitBytes: limitBytes)
        }
    }
}

/// Keeps a folder of folders within a size by removing those that were not used for the longest time.
enum FolderPruning {
    /// - Parameter locks: A folder of lock files with the same names; what is locked stays.
    static func pruneNow(_ parent: String, locks: String, limitBytes: Int64) {
        var entries = FileSystem.names(in: parent).map { name in
            let path = "\(parent)/\(name)"
            return (name: name, path: path, size: FileTree.sizeNow(path), used: FileTree.changeTime(path) ?? 0)
        }
        var total = entries.reduce(0) { $0 + $1.size }
        entries.sort { ($0.used, $0.path) < ($1.used, $1.path) }
        for entry in entries where total > limitBytes {
            guard let lock = try? FolderLock.attempt(.change, file: "\(locks)/\(entry.name)") else { continue }
            // What can't be removed now is tried again the next time.
            try? FileTree.removeNow(entry.path)
            total -= entry.size
            _ = consume lock
        }
    }
}
