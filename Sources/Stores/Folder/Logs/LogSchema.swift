internal import GRDB

/// The tables of `logs.db`.
///
/// An attempt is one fence at one instance. Chunks with a number after `head_end` and before `gap_end` have been left
/// out, `gap_lines` lines of them. A chunk's id is its place in the order of arrival, and never used again.
enum LogSchema {
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1 logs") { database in
            try database.execute(
                sql: """
                    CREATE TABLE attempts (
                        id INTEGER PRIMARY KEY,
                        run TEXT NOT NULL,
                        stage TEXT NOT NULL,
                        attempt INTEGER NOT NULL,
                        instance TEXT NOT NULL,
                        bytes INTEGER NOT NULL DEFAULT 0,
                        head_end INTEGER NOT NULL DEFAULT -1,
                        gap_end INTEGER NOT NULL DEFAULT -1,
                        gap_lines INTEGER NOT NULL DEFAULT 0,
                        is_complete INTEGER NOT NULL DEFAULT 0,
                        UNIQUE (run, stage, attempt, instance)
                    );
                    CREATE TABLE chunks (
                        id INTEGER PRIMARY KEY AUTOINCREMENT,
                        attempt INTEGER NOT NULL REFERENCES attempts (id) ON DELETE CASCADE,
                        number INTEGER NOT NULL,
                        time INTEGER,
                        dropped INTEGER NOT NULL,
                        lines INTEGER NOT NULL,
                        is_last INTEGER NOT NULL,
                        text TEXT NOT NULL,
                        UNIQUE (attempt, number)
                    );
                    CREATE INDEX chunks_by_attempt ON chunks (attempt);
                    """)
        }
        return migrator
    }
}
