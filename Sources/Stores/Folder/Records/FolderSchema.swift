internal import GRDB

/// The tables of `state.db`.
///
/// - A run is its spec and verbs in `runs`, which change seldom, and its status in `statuses`, which changes all the
///   time: a status write never copies the spec.
/// - `installation.revision` counts all changes. `statuses.revision` is the run's resourceVersion: the revision of its
///   last change of any kind. `changed` is that of the last change other than of the status: by it a controller finds
///   what others have changed without reading everything.
/// - An archived run has given its name to a later one.
/// - `drained_agents` are those that an operator wants to take nothing more, by name.
/// - `deliveries` are the events that runs were made for, for 7 days.
/// - `tombstones` are runs that were deleted while their files were still there.
/// - `is_present` is 0 when the file that asked for it is gone.
/// - Times are microseconds since 1970.
enum FolderSchema {
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1 runs and pipelines") { database in
            try database.execute(
                sql: """
                    CREATE TABLE installation (
                        id INTEGER PRIMARY KEY CHECK (id = 1),
                        revision INTEGER NOT NULL
                    );
                    INSERT INTO installation VALUES (1, 0);

                    CREATE TABLE runs (
                        id INTEGER PRIMARY KEY,
                        uid TEXT NOT NULL UNIQUE,
                        namespace TEXT NOT NULL,
                        name TEXT NOT NULL,
                        file TEXT,
                        is_present INTEGER NOT NULL,
                        is_archived INTEGER NOT NULL,
                        is_spec_changed INTEGER NOT NULL,
                        metadata BLOB NOT NULL,
                        spec BLOB NOT NULL,
                        verbs BLOB NOT NULL,
                        file_verbs BLOB NOT NULL,
                        generation INTEGER NOT NULL,
                        created INTEGER NOT NULL,
                        changed INTEGER NOT NULL
                    );
                    CREATE UNIQUE INDEX runs_by_name ON runs (namespace, name) WHERE is_archived = 0;
                    CREATE INDEX runs_by_change ON runs (changed);
                    CREATE INDEX runs_by_creation ON runs (created);

                    CREATE TABLE statuses (
                        run INTEGER PRIMARY KEY REFERENCES runs (id) ON DELETE CASCADE,
                        revision INTEGER NOT NULL,
                        completed INTEGER,
                        status BLOB NOT NULL
                    );

                    CREATE TABLE pipelines (
                        id INTEGER PRIMARY KEY,
                        uid TEXT NOT NULL UNIQUE,
                        namespace TEXT NOT NULL,
                        name TEXT NOT NULL,
                        file TEXT NOT NULL,
                        is_present INTEGER NOT NULL,
                        metadata BLOB NOT NULL,
                        spec BLOB NOT NULL,
                        generation INTEGER NOT NULL,
                        created INTEGER NOT NULL,
                        changed INTEGER NOT NULL,
                        status BLOB NOT NULL,
                        UNIQUE (namespace, name)
                    );
                    CREATE INDEX pipelines_by_change ON pipelines (changed);
                    """)
        }
        migrator.registerMigration("2 drained agents") { database in
            try database.execute(sql: "CREATE TABLE drained_agents (agent TEXT PRIMARY KEY) WITHOUT ROWID")
        }
        migrator.registerMigration("3 tombstones") { database in
            try database.execute(
                sql: """
                    CREATE TABLE tombstones (
                        namespace TEXT NOT NULL,
                        name TEXT NOT NULL,
                        file TEXT NOT NULL,
                        spec_hash TEXT NOT NULL,
                        rerun_count INTEGER NOT NULL,
                        PRIMARY KEY (namespace, name)
                    ) WITHOUT ROWID
                    """)
        }
        migrator.registerMigration("4 deliveries") { database in
            try database.execute(
                sql: """
                    CREATE TABLE deliveries (id TEXT PRIMARY KEY, handled INTEGER NOT NULL) WITHOUT ROWID;
                    CREATE INDEX deliveries_by_time ON deliveries (handled);
                    """)
        }
        return migrator
    }

    /// Takes the next revisions, within a transaction, and returns the first of them.
    static func revisions(_ count: Int, _ database: Database) throws -> Int64 {
        try database.cachedStatement(sql: "UPDATE installation SET revision = revision + ?")
            .execute(arguments: [count])
        let last = try Int64.fetchOne(database.cachedStatement(sql: "SELECT revision FROM installation"))
        guard let last else { throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "no revision") }
        return last - Int64(count) + 1
    }

    static func revision(_ database: Database) throws -> Int64 {
        try Int64.fetchOne(database.cachedStatement(sql: "SELECT revision FROM installation")) ?? 0
    }
}
