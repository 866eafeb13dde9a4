internal import GRDB
package import Model

/// The output of one attempt at one instance, as far as it is kept.
///
/// A fence may have been run twice, by two instances, when an agent was lost: the one whose result counts is the one
/// that the stage's status names.
package struct LoggedAttempt: Equatable, Sendable {
    package var fence: Fence
    package var instance: String
    /// Of text that is kept.
    package var bytes: Int
    /// Lines left out in the middle to stay within the bound.
    package var omittedLines: Int
    /// Whether the end has arrived.
    package var isComplete: Bool
}

/// The stored form of a `LoggedAttempt`, as the writer works on it.
struct AttemptRecord {
    var id: Int64
    var bytes: Int
    /// The last chunk of the beginning, which is kept whatever comes; -1 before there is one.
    var headEnd: Int
    /// The first chunk behind the gap; -1 while there is no gap.
    var gapEnd: Int
    var gapLines: Int
    var isComplete: Bool

    static func find(_ fence: Fence, _ instance: String, _ database: Database) throws -> AttemptRecord {
        try database.cachedStatement(
            sql: "INSERT OR IGNORE INTO attempts (run, stage, attempt, instance) VALUES (?, ?, ?, ?)"
        ).execute(arguments: [fence.run, fence.stage, fence.attempt, instance])
        let statement = try database.cachedStatement(
            sql: """
                SELECT id, bytes, head_end, gap_end, gap_lines, is_complete FROM attempts \
                WHERE run = ? AND stage = ? AND attempt = ? AND instance = ?
                """)
        let row = try Row.fetchOne(statement, arguments: [fence.run, fence.stage, fence.attempt, instance])
        guard let row else { throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "an attempt can't be found") }
        return AttemptRecord(
            id: row[0], bytes: row[1], headEnd: row[2], gapEnd: row[3], gapLines: row[4], isComplete: row[5])
    }

    func save(_ database: Database) throws {
        try database.cachedStatement(
            sql: """
                UPDATE attempts SET bytes = ?, head_end = ?, gap_end = ?, gap_lines = ?, is_complete = ? WHERE id = ?
                """
        ).execute(arguments: [bytes, headEnd, gapEnd, gapLines, isComplete, id])
    }

    /// Whether a chunk of that number has been kept before and was left out since.
    func hasLeftOut(_ number: Int) -> Bool { gapEnd >= 0 && number > headEnd && number < gapEnd }
}
