internal import GRDB
internal import Model

/// The events that have been handled, and the runs that were made for events: what comes again within 7 days makes
/// nothing.
enum Deliveries {
    private static let memory = 7 * 86_400

    static func contains(_ id: String, _ database: Database) throws -> Bool {
        try Bool.fetchOne(
            database.cachedStatement(sql: "SELECT EXISTS (SELECT 1 FROM deliveries WHERE id = ?)"), arguments: [id])
            ?? false
    }

    static func add(_ id: String, at now: Timestamp, _ database: Database) throws {
        try database.cachedStatement(sql: "INSERT OR IGNORE INTO deliveries (id, handled) VALUES (?, ?)")
            .execute(arguments: [id, now.microseconds])
    }

    /// Forgets those whose time is over; a few at once, so that none of a busy day's writes is held up.
    static func prune(at now: Timestamp, atMost count: Int, _ database: Database) throws {
        try database.cachedStatement(
            sql: """
                DELETE FROM deliveries WHERE id IN (SELECT id FROM deliveries WHERE handled < ? ORDER BY handled LIMIT ?)
                """
        ).execute(arguments: [now.adding(seconds: -memory).microseconds, count])
    }
}
