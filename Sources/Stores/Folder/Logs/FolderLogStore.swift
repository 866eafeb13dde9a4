package import AgentProtocol
internal import Controller
internal import GRDB
internal import Model
internal import Synchronization

/// Keeps agents' output in the state folder (`logs.db`), within bounds.
///
/// All chunks of a call are stored in one transaction. To be opened by the process that holds the folder's lock.
package final class FolderLogStore: LogStore {
    private let pool: DatabasePool
    private let limits: LogLimits
    private let bell: SignalBell
    private let path: String
    private let reportTrouble: @Sendable (StateError) -> Void
    /// What was reported last, so that it is told once.
    private let trouble = Mutex<StateError?>(nil)
    /// Bytes of all text; written on the database's queue only.
    private let total: Mutex<Int>

    /// - Parameter report: Is told when output could not be kept. A stage is never held up by that.
    /// - Throws: `StateError`.
    package init(
        _ folder: StateFolder, limits: LogLimits = LogLimits(),
        report: @escaping @Sendable (StateError) -> Void = { _ in }
    ) throws(StateError) {
        path = folder.logsPath
        self.limits = limits
        reportTrouble = report
        bell = try SignalBell(.logged, in: folder)
        pool = try FolderDatabase.openOwned(path, LogSchema.migrator)
        do {
            total = Mutex(try pool.read { try Int.fetchOne($0, sql: "SELECT SUM(bytes) FROM attempts") } ?? 0)
        } catch {
            throw StateError.from(error, path)
        }
    }

    package func close() {
        FolderDatabase.close(pool)
    }

    private func report(_ error: StateError) {
        let isNew = trouble.withLock { trouble in
            defer { trouble = error }
            return trouble != error
        }
        if isNew { reportTrouble(error) }
    }

    package var reader: FolderLogs { FolderLogs(pool, path: path) }

    package func append(_ chunks: [LogChunk]) async {
        guard !chunks.isEmpty else { return }
        await withCheckedContinuation { continuation in
            pool.asyncWriteWithoutTransaction { [self] database in
                do {
                    let before = total.withLock { $0 }
                    var now = before
                    try database.inTransaction(.immediate) {
                        for chunk in chunks { now += try store(chunk, database) }
                        if now > limits.total { now -= try makeRoom(now, database) }
                        return .commit
                    }
                    total.withLock { $0 = now }
                    trouble.withLock { $0 = nil }
                    bell.ring()
                } catch {
                    report(StateError.from(error, path))
                }
                continuation.resume()
            }
        }
    }

    package func runs() async -> [String] {
        do {
            return try await pool.read { try String.fetchAll($0, sql: "SELECT DISTINCT run FROM attempts") }
        } catch is CancellationError {
            return []
        } catch {
            report(StateError.from(error, path))
            return []
        }
    }

    /// Forgets the output of runs.
    package func remove(runs uids: [String]) async {
        await withCheckedContinuation { continuation in
            pool.asyncWriteWithoutTransaction { [self] database in
                do {
                    var freed = 0
                    try database.inTransaction(.immediate) {
                        for uid in uids { freed += try remove(run: uid, database) }
                        return .commit
                    }
                    total.withLock { $0 -= freed }
                    bell.ring()
                } catch {
                    report(StateError.from(error, path))
                }
                continuation.resume()
            }
        }
    }

    // MARK: On the database's queue

    /// Stores a chunk that isn't there yet; returns by how many bytes the whole has grown.
    private func store(_ chunk: LogChunk, _ database: Database) throws -> Int {
        // What names no attempt could never be found again.
        guard let fence = Fence(chunk.fence) else { return 0 }
        var attempt = try AttemptRecord.find(fence, chunk.instance, database)
        guard !attempt.hasLeftOut(chunk.number) else { return 0 }
        let size = chunk.text.utf8.count
        try database.cachedStatement(
            sql: """
                INSERT OR IGNORE INTO chunks (attempt, number, time, dropped, lines, is_last, text) \
                VALUES (?, ?, ?, ?, ?, ?, ?)
                """
        ).execute(arguments: [
            attempt.id, chunk.number, chunk.time?.microseconds, chunk.dropped, Self.lines(in: chunk.text),
            chunk.isLast, chunk.text,
        ])
        guard database.changesCount == 1 else { return 0 }
        let before = attempt.bytes
        attempt.bytes += size
        if attempt.bytes <= limits.attempt / 4 { attempt.headEnd = max(attempt.headEnd, chunk.number) }
        if chunk.isLast { attempt.isComplete = true }
        if attempt.bytes > limits.attempt { try shorten(&attempt, database) }
        try attempt.save(database)
        return attempt.bytes - before
    }

    /// Leaves out the oldest chunks behind the beginning: first lines say what was run, last ones how it ended.
    private func shorten(_ attempt: inout AttemptRecord, _ database: Database) throws {
        // More than is needed, so that not every chunk has to make its own room.
        let goal = limits.attempt - limits.attempt / 8
        let statement = try database.cachedStatement(
            sql: """
                SELECT id, number, lines + dropped, length(CAST(text AS BLOB)) FROM chunks \
                WHERE attempt = ? AND number > ? ORDER BY number
                """)
        let rows = try Row.fetchCursor(statement, arguments: [attempt.id, attempt.headEnd])
        var last = attempt.headEnd
        while attempt.bytes > goal, let row = try rows.next() {
            last = row[1]
            attempt.gapLines += row[2] as Int
            attempt.bytes -= row[3] as Int
        }
        try database.cachedStatement(sql: "DELETE FROM chunks WHERE attempt = ? AND number > ? AND number <= ?")
            .execute(arguments: [attempt.id, attempt.headEnd, last])
        // The mark goes to the first chunk that is left; should there be none, to the next that comes.
        let next = try Int.fetchOne(
            database.cachedStatement(sql: "SELECT MIN(number) FROM chunks WHERE attempt = ? AND number > ?"),
            arguments: [attempt.id, last])
        attempt.gapEnd = next ?? last + 1
    }

    /// Takes the output of the runs that began first, and returns how many bytes that were. The latest run keeps its.
    private func makeRoom(_ total: Int, _ database: Database) throws -> Int {
        let goal = limits.total - limits.total / 10
        let runs = try String.fetchAll(database, sql: "SELECT run FROM attempts GROUP BY run ORDER BY MIN(id)")
        var freed = 0
        for run in runs.dropLast() where total - freed > goal { freed += try remove(run: run, database) }
        return freed
    }

    private func remove(run: String, _ database: Database) throws -> Int {
        let bytes = try Int.fetchOne(
            database.cachedStatement(sql: "SELECT SUM(bytes) FROM attempts WHERE run = ?"), arguments: [run])
        try database.cachedStatement(sql: "DELETE FROM attempts WHERE run = ?").execute(arguments: [run])
        return bytes ?? 0
    }

    private static func lines(in text: String) -> Int {
        text.utf8.reduce(0) { $1 == UInt8(ascii: "\n") ? $0 + 1 : $0 }
    }
}
