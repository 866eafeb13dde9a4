internal import GRDB

/// The agents that an operator wants to take nothing more, by name.
enum DrainedAgents {
    static func all(_ database: Database) throws -> [String] {
        try String.fetchAll(database.cachedStatement(sql: "SELECT agent FROM drained_agents ORDER BY agent"))
    }

    static func add(_ agent: String, _ database: Database) throws {
        try database.cachedStatement(sql: "INSERT OR IGNORE INTO drained_agents VALUES (?)").execute(arguments: [agent])
    }

    static func remove(_ agent: String, _ database: Database) throws {
        try database.cachedStatement(sql: "DELETE FROM drained_agents WHERE agent = ?").execute(arguments: [agent])
    }
}
