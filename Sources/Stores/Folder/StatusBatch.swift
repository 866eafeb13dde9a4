internal import Controller
internal import FoundationEssentials
internal import GRDB
internal import Model

/// Statuses to be stored together. They are encoded when the batch is made, off the database's queue.
struct StatusBatch: Sendable {
    private let writes: [StatusWrite]
    private let encoded: [Data]

    init(_ writes: [StatusWrite]) {
        self.writes = writes
        encoded = writes.map { Data(FieldWriter.bytes($0.status)) }
    }

    /// Stores all that still apply, in one transaction.
    func store(_ database: Database, path: String) -> [WriteOutcome] {
        var outcomes: [WriteOutcome] = []
        outcomes.reserveCapacity(writes.count)
        do {
            try database.inTransaction(.immediate) {
                var revision = try FolderSchema.revisions(writes.count, database)
                let update = try database.cachedStatement(
                    sql: """
                        UPDATE statuses SET revision = ?, completed = ?, status = ? \
                        WHERE run = (SELECT id FROM runs WHERE uid = ?) AND revision = ?
                        """)
                for (write, status) in zip(writes, encoded) {
                    outcomes.append(try store(write, status, as: revision, update, database))
                    revision += 1
                }
                return .commit
            }
            return outcomes
        } catch {
            let error = StateError.from(error, path)
            return writes.map { _ in .failed(error.description) }
        }
    }

    private func store(
        _ write: StatusWrite, _ status: Data, as revision: Int64, _ update: Statement, _ database: Database
    ) throws -> WriteOutcome {
        guard status.count <= FolderStore.statusLimit else {
            return .refused("the status is \(status.count) bytes; at most \(FolderStore.statusLimit) are stored")
        }
        // A version that isn't one of ours matches nothing.
        try update.execute(arguments: [
            revision, write.status.completionTime?.microseconds, status, write.uid, Int64(write.resourceVersion) ?? -1,
        ])
        if database.changesCount == 1 { return .stored(resourceVersion: String(revision)) }
        return try RunRecord.with(uid: write.uid, database).map { .conflict($0.run) } ?? .gone
    }
}
