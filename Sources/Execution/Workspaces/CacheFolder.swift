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

    /// The folder for a repository and a trust level, made if it isn't there.
    package func folder(repository: GitURL?, trust: String) throws(SystemError) -> String {
        let path = "\(parent)/\(try FolderName.of((repository?.normalised ?? "") + "@" + trust))"
        try FileSystem.makeFolder(path)
        FileTree.touch(path)
        return path
    }

    /// Removes the folders that were not used for the longest time until the rest is within the limit; never those
    /// in use. A single folder that is too large is removed too, once nobody uses it.
    package func prune(inUse: Set<String> = []) async {
        let (parent, limitBytes) = (parent, limitBytes)
        await FileThread.shared.run { FolderPruning.pruneNow(parent, limitBytes: limitBytes, inUse: inUse) }
    }
}

/// Keeps a folder of folders within a size by removing those that were not used for the longest time.
enum FolderPruning {
    /// - Parameter guarding: Calls the closure it is given if the folder may be removed now.
    static func pruneNow(
        _ parent: String, limitBytes: Int64, inUse: Set<String>,
        guarding: (_ path: String, _ remove: () -> Void) -> Void = { _, remove in remove() }
    ) {
        var entries = FileSystem.names(in: parent).map { name in
            let path = "\(parent)/\(name)"
            return (path: path, size: FileTree.sizeNow(path), used: FileTree.changeTime(path) ?? 0)
        }
        var total = entries.reduce(0) { $0 + $1.size }
        entries.sort { ($0.used, $0.path) < ($1.used, $1.path) }
        for entry in entries where total > limitBytes && !inUse.contains(entry.path) {
            guarding(entry.path) {
                // What can't be removed now is tried again the next time.
                try? FileTree.removeNow(entry.path)
                total -= entry.size
            }
        }
    }
}
