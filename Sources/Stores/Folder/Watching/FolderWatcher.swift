internal import Glibc
internal import Synchronization
internal import Threads

/// Watches files and folders of manifests through inotify, without ever polling.
///
/// Sees saves in place and by rename, new and deleted files, files moved in and out, and folders (and the way to them)
/// that are deleted, made again or pointed elsewhere. A folder's own files are watched, not those of its subfolders.
/// When the kernel had to drop events, everything is read again.
final class FolderWatcher: Sendable {
    /// Reads what is due and returns the files that are to be read once more after the grace.
    typealias Handler = @Sendable (WatchedFiles.Due) -> [String]

    private let queue: Inotify
    private let isManifest: @Sendable (String) -> Bool
    private let state: Mutex<State>

    private struct State {
        var roots: [String]
        var files: WatchedFiles
        /// The folders behind each watch; one folder may have been named by several paths.
        var folders: [Int32: Set<String>] = [:]
        /// Folders whose manifests count.
        var contents: Set<String> = []
    }

    // Everything that may begin, end or change a file, and whatever happens to the folder itself.
    private static let mask = UInt32(
        IN_CREATE | IN_MODIFY | IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF
    )

    /// Begins to watch; events are kept until `run` takes them.
    ///
    /// - Parameters:
    ///   - paths: Absolute paths of files and folders, which need not exist.
    ///   - isManifest: Whether a file of that name in a watched folder counts.
    ///   - grace: How long a file may be gone before that counts, in milliseconds.
    /// - Throws: `StateError` when the system has no room for another watch.
    init(paths: [String], grace: Int64, isManifest: @escaping @Sendable (String) -> Bool) throws(StateError) {
        queue = try Inotify()
        self.isManifest = isManifest
        state = Mutex(State(roots: paths, files: WatchedFiles(grace: grace)))
        try attach()
        let now = Self.now()
        let files = list()
        state.withLock { $0.files.scanned(files, afresh: true, at: now) }
    }

    /// The files that are there, as far as the watcher has seen; a caller that reads them before `run` says so.
    func takeFiles() -> [String] {
        state.withLock { state in
            state.files.taken(state.files.known)
            return state.files.known.sorted()
        }
    }

    /// Calls the handler on a thread of its own whenever something is due, until the task is cancelled.
    func run(_ handler: @escaping Handler) async throws(StateError) {
        let (ended, continuation) = AsyncStream.makeStream(of: StateError?.self)
        try NamedThread.serve("martlet-files") { [self] in
            do throws(StateError) {
                try loop(handler)
                continuation.yield(nil)
            } catch {
                continuation.yield(error)
            }
            continuation.finish()
        }
        // Not the stream's own cancellation: the thread has to have ended when this returns.
        let failure = await withTaskCancellationHandler {
            await Task { await ended.first { _ in true } ?? nil }.value
        } onCancel: {
            queue.stop()
        }
        if let failure { throw failure }
    }

    // MARK: The thread

    private func loop(_ handler: Handler) throws(StateError) {
        while true {
            let due = state.withLock { $0.files.due(at: Self.now()) }
            if !due.isEmpty {
                let again = handler(due)
                let now = Self.now()
                state.withLock { state in
                    for file in again { state.files.lookAgain(file, at: now) }
                }
            }
            let next = state.withLock { $0.files.nextDue }
            let wait = next.map { Int32(clamping: max(0, $0 - Self.now())) } ?? -1
            guard let events = queue.next(within: wait) else { return }
            try take(events)
        }
    }

    private func take(_ events: [Inotify.Event]) throws(StateError) {
        let now = Self.now()
        var isShaken = false
        var isLossy = false
        for event in events {
            if event.lostEvents {
                isLossy = true
                continue
            }
            if event.has(IN_DELETE_SELF) || event.has(IN_MOVE_SELF) || event.has(IN_UNMOUNT) || event.has(IN_IGNORED) {
                // A watch that we have given up ourselves is not among the folders any more.
                isShaken = isShaken || state.withLock { $0.folders[event.watch] != nil }
                continue
            }
            let (paths, roots, contents) = state.withLock {
                ($0.folders[event.watch] ?? [], $0.roots, $0.contents)
            }
            for folder in paths.sorted() {
                let path = AbsolutePath.joined(folder, event.name)
                let isRoot = roots.contains(path)
                if roots.contains(where: { $0 != path && AbsolutePath.isWithin($0, path) })
                    || isRoot && (event.isFolder || contents.contains(path) || AbsolutePath.isFolder(path))
                {
                    // The way to a root, or a root that is (or was, or has become) a folder.
                    isShaken = isShaken || !event.has(IN_MODIFY) && !event.has(IN_CLOSE_WRITE)
                } else if isRoot || contents.contains(folder) && isManifest(event.name) && !event.isFolder {
                    note(event, of: path, at: now)
                }
            }
        }
        if isShaken || isLossy {
            try attach()
            let files = list()
            // A folder that came back may hold other files by the same names.
            state.withLock { $0.files.scanned(files, afresh: true, at: now) }
        }
    }

    private func note(_ event: Inotify.Event, of path: String, at now: Int64) {
        // A file that is made by opening it gets a close; a link gets none.
        let isComplete =
            event.has(IN_CLOSE_WRITE) || event.has(IN_MOVED_TO) || event.has(IN_CREATE) && Self.isLink(path)
        state.withLock { state in
            if isComplete {
                state.files.settled(path)
            } else if event.has(IN_DELETE) || event.has(IN_MOVED_FROM) {
                state.files.vanished(path, at: now)
            } else {
                state.files.written(path, at: now)
            }
        }
    }

    /// Whether a path is a symbolic link, or another name of a file that has one already.
    private static func isLink(_ path: String) -> Bool {
        var status = stat()
        guard lstat(path, &status) == 0 else { return false }
        return status.st_mode & S_IFMT == S_IFLNK || status.st_nlink > 1
    }

    // MARK: Watches

    /// Watches each root that is a folder, and the nearest folder there is on the way to each root.
    private func attach() throws(StateError) {
        let roots = state.withLock { $0.roots }
        var folders: [Int32: Set<String>] = [:]
        var contents: Set<String> = []
        for root in roots {
            // Once more when something on the way was made or went away meanwhile.
            for _ in 0..<8 {
                guard try watchWay(to: root, &folders) else { continue }
                break
            }
            if AbsolutePath.isFolder(root), try watch(root, &folders) { contents.insert(root) }
        }
        let stale = state.withLock { state in
            let stale = Set(state.folders.keys).subtracting(folders.keys)
            state.folders = folders
            state.contents = contents
            return stale
        }
        for watch in stale.sorted() { queue.forget(watch) }
    }

    /// Whether the folder that is watched now is the nearest one that there is.
    private func watchWay(to root: String, _ folders: inout [Int32: Set<String>]) throws(StateError) -> Bool {
        var folder = AbsolutePath.split(root).folder
        while try !watch(folder, &folders), folder != "/" { folder = AbsolutePath.split(folder).folder }
        guard folder != AbsolutePath.split(root).folder else { return true }
        // The next step may have been made before the watch was there to see it.
        var next = AbsolutePath.split(root).folder
        while AbsolutePath.split(next).folder != folder { next = AbsolutePath.split(next).folder }
        return !AbsolutePath.isFolder(next)
    }

    /// Whether there is such a folder, which is watched from now on.
    private func watch(_ folder: String, _ folders: inout [Int32: Set<String>]) throws(StateError) -> Bool {
        do throws(StateError) {
            let watch = try queue.watch(folder, Self.mask)
            folders[watch, default: []].insert(folder)
            return true
        } catch {
            // A folder that may not be read is no worse than one that isn't there; a full system is.
            guard error.kind == .system, AbsolutePath.isFolder(folder) else { return false }
            throw error
        }
    }

    private func list() -> [String] {
        let (roots, contents) = state.withLock { ($0.roots, $0.contents) }
        var files: [String] = []
        for root in roots {
            if contents.contains(root) {
                for name in AbsolutePath.names(in: root) where isManifest(name) {
                    let path = AbsolutePath.joined(root, name)
                    if !AbsolutePath.isFolder(path) { files.append(path) }
                }
            } else if AbsolutePath.exists(root) {
                files.append(root)
            }
        }
        return files
    }

    /// Milliseconds of the monotonic clock.
    private static func now() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}
