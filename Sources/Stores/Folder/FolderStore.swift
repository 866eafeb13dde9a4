package import Controller
internal import GRDB
package import Manifests
package import Model
internal import Synchronization

/// The home of Pipelines and PipelineRuns outside Kubernetes: manifests in files, everything else in SQLite.
///
/// A run is the spec that its file (or a command) gave it, the verbs that files and commands have asked for since, and
/// its status. Its UID is random and goes with its name, so that it survives a save by rename and a restart; a file that
/// was deleted and comes back makes another run. Files are only ever read.
///
/// Guarantees: one writer (the process that holds the folder's lock) stores statuses, all of one call in one
/// transaction. What `follow` reports is read and told in the order of the writes, so that it is never older than what
/// an ended `write` returned. Statuses are not told again to the one who wrote them: `follow` reports what files and
/// commands change, with the status as it is then.
///
/// A crash of the process loses nothing that a `write` has returned; one of the machine may lose the last writes, never
/// their order.
package final class FolderStore: ResourceStore {
    /// A status may not be larger than this in bytes, as in the cluster.
    package static let statusLimit = 262_144

    package let folder: StateFolder
    let pool: DatabasePool
    let checkpoints: Checkpoints
    private let lock: FolderLock
    private let bell: SignalBell
    let clock: @Sendable () -> Timestamp
    private let report: @Sendable ([FileProblem]) -> Void
    private let watcher: FolderWatcher?
    private let files: Mutex<ManifestFiles>
    private let followers: Followers
    private let owed = Mutex(Owed())

    /// Objects that the database could not be brought in line with yet, and why.
    private struct Owed {
        var keys: Set<DesiredManifests.Key> = []
        var failure: StateError?
    }

    /// Opens the store as the folder's only controller.
    ///
    /// - Parameters:
    ///   - paths: Files and folders of manifests; none for a store that only commands fill.
    ///   - report: Is told what is wrong with files that change while `run` watches. An empty list never comes.
    /// - Throws: `StateError`: another controller runs, a newer Martlet wrote the folder, it is damaged or not writable.
    package convenience init(
        _ folder: StateFolder, manifests paths: [String] = [],
        report: @escaping @Sendable ([FileProblem]) -> Void = { _ in }
    ) throws(StateError) {
        try self.init(folder, manifests: paths, grace: 250, clock: Timestamp.current, report: report)
    }

    /// - Parameter grace: How long a file may be gone before that counts, in milliseconds.
    package init(
        _ folder: StateFolder, manifests paths: [String], grace: Int64, clock: @escaping @Sendable () -> Timestamp,
        report: @escaping @Sendable ([FileProblem]) -> Void
    ) throws(StateError) {
        self.folder = folder
        self.clock = clock
        self.report = report
        lock = try folder.lock()
        pool = try FolderDatabase.openOwned(folder.databasePath, FolderSchema.migrator)
        checkpoints = try Checkpoints(folder.databasePath)
        bell = try SignalBell(.changed, in: folder)
        let files = ManifestFiles(paths: paths)
        watcher =
            paths.isEmpty
            ? nil : try FolderWatcher(paths: files.absolutePaths, grace: grace, isManifest: FolderListing.isManifest)
        self.files = Mutex(files)
        do {
            followers = Followers(after: try pool.read(FolderSchema.revision))
        } catch {
            throw StateError.from(error, folder.databasePath)
        }
    }

    /// Closes the database and gives the folder to the next controller. Nothing may be asked of the store afterwards.
    package func close() {
        checkpoints.close()
        FolderDatabase.close(pool)
        lock.release()
    }

    // MARK: Files

    /// Reads the manifests that the store was opened with, and takes up what they ask for.
    ///
    /// To be called once, before `run`; it blocks while it reads.
    /// - Parameter strictly: Whether one error is enough to take up nothing at all.
    /// - Returns: All that is wrong with them, notes included.
    /// - Throws: `StateError`.
    package func load(strictly: Bool) throws(StateError) -> [FileProblem] {
        guard let watcher else { return [] }
        let known = watcher.takeFiles()
        let reading = files.withLock { $0.readAll(known) }
        if strictly, reading.problems.contains(where: { $0.problem.severity == .error }) { return reading.problems }
        return reading.problems + (try apply(reading.keys, isFirst: true))
    }

    /// Follows files, and commands of other processes, until the task is cancelled.
    ///
    /// - Throws: `StateError` when neither can be watched.
    package func run() async throws {
        let signals = try StateSignals(folder)
        defer { signals.close() }
        let wakes = signals.stream(of: .wake)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { for await _ in wakes { self.publish() } }
            if let watcher {
                group.addTask { try await watcher.run { self.take($0) } }
            }
            for try await _ in group {}
        }
    }

    private func take(_ due: WatchedFiles.Due) -> [String] {
        let reading = files.withLock { $0.read(due) }
        let keys = owed.withLock { $0.keys.union(reading.keys) }
        do throws(StateError) {
            let problems = reading.problems + (try apply(keys, isFirst: false))
            owed.withLock { $0 = Owed() }
            if !problems.isEmpty { report(problems) }
            return reading.lookAgain
        } catch {
            // What the files ask for is tried again, and the reason told once, until the database takes it.
            let isNew = owed.withLock { owed in
                defer { owed = Owed(keys: keys, failure: error) }
                return owed.failure != error
            }
            let failure = FileProblem(file: folder.path, problem: Problem(error.message))
            let problems = reading.problems + (isNew ? [failure] : [])
            if !problems.isEmpty { report(problems) }
            return due.changed.isEmpty ? due.gone : due.changed
        }
    }

    /// Brings the database in line with the files, for the objects named.
    private func apply(_ keys: Set<DesiredManifests.Key>, isFirst: Bool) throws(StateError) -> [FileProblem] {
        let files = files.withLock { $0 }
        let now = clock()
        do {
            return try pool.writeWithoutTransaction { database in
                var application = ManifestApplication(files: files, now: now)
                try database.inTransaction {
                    if isFirst { try application.addStored(database) }
                    for key in application.keys.union(keys).sorted() { try application.apply(key, database) }
                    return .commit
                }
                announce(database)
                return application.problems
            }
        } catch {
            throw StateError.from(error, folder.databasePath)
        }
    }

    // MARK: ResourceStore

    package func follow(_ observe: @escaping @Sendable (StoreEvent) -> Void) async throws {
        let followers = followers
        let (ended, continuation) = AsyncThrowingStream.makeStream(of: Never.self, throwing: (any Error).self)
        // On the writer's queue, so that no write ends between the reading and the telling.
        let id: Int
        do {
            id = try await pool.writeWithoutTransaction { database in
                try followers.add(observe, continuation, database)
            }
        } catch is CancellationError {
            return
        } catch {
            throw StateError.from(error, folder.databasePath)
        }
        defer { followers.remove(id) }
        for try await _ in ended {}
    }

    package func write(_ writes: [StatusWrite]) async -> [WriteOutcome] {
        var outcomes: [WriteOutcome] = []
        var start = 0
        // In parts, so that a webhook's run needn't wait until thousands of statuses are stored.
        while start < writes.count {
            let end = min(writes.count, start + Self.mostTogether)
            outcomes += await store(StatusBatch(Array(writes[start..<end])))
            start = end
        }
        return outcomes
    }

    /// So many statuses share a transaction.
    private static let mostTogether = 32

    private func store(_ batch: StatusBatch) async -> [WriteOutcome] {
        await withCheckedContinuation { continuation in
            // Not cancellable on purpose: what a controller has decided is stored although it is about to end.
            pool.asyncWriteWithoutTransaction { [bell, checkpoints, folder] database in
                let outcomes = batch.store(database, path: folder.databasePath)
                // Before anybody learns of it: who has all answers may close the store.
                checkpoints.wrote(outcomes.count)
                continuation.resume(returning: outcomes)
                bell.ring()
            }
        }
    }

    /// One, since SQLite has one writer.
    package var concurrentWrites: Int { 1 }

    package func patch(_ patch: PipelinePatch) async -> Bool {
        do {
            try await pool.write { database in
                let namespace = patch.namespace ?? ""
                guard var record = try PipelineRecord.named(patch.name, in: namespace, database) else { return }
                patch.apply(to: &record.status)
                try record.save(database)
            }
        } catch {
            return false
        }
        publish()
        return true
    }

    /// Deletes a run's rows. Its file, should there still be one, has had its run: a tombstone says so.
    package func delete(_ run: RunReference) async -> DeleteOutcome {
        await withCheckedContinuation { continuation in
            pool.asyncWriteWithoutTransaction { [self] database in
                continuation.resume(returning: delete(run, database))
            }
        }
    }

    private func delete(_ run: RunReference, _ database: Database) -> DeleteOutcome {
        var outcome = DeleteOutcome.gone
        do {
            try database.inTransaction(.immediate) {
                guard let record = try RunRecord.with(uid: run.uid, database) else { return .rollback }
                guard String(record.revision) == run.resourceVersion else {
                    outcome = .conflict
                    return .rollback
                }
                try Tombstone(of: record)?.save(database)
                try record.delete(database)
                outcome = .deleted
                return .commit
            }
        } catch {
            return .failed(StateError.from(error, folder.databasePath).description)
        }
        if outcome == .deleted {
            followers.tell(.runGone(uid: run.uid))
            bell.ring()
        }
        return outcome
    }

    package func run(uid: String) async throws -> PipelineRun? {
        try await pool.read { database in try RunRecord.with(uid: uid, database)?.run }
    }

    // MARK: More

    /// Commands given in this process: a webhook's, a schedule's, the dashboard's.
    package var verbs: FolderVerbs {
        FolderVerbs(pool, path: folder.databasePath, clock: clock) { [self] in publish() }
    }

    package var reader: FolderReader { FolderReader(pool, path: folder.databasePath) }

    /// Tells followers what has changed since they were told last.
    private func publish() {
        pool.asyncWriteWithoutTransaction { [self] database in announce(database) }
    }

    func announce(_ database: Database, made: [PipelineRun] = []) {
        followers.publish(database, made: made)
        bell.ring()
    }
}
