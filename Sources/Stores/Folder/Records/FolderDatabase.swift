internal import GRDB

/// How the state folder's databases are opened: the same for every process.
enum FolderDatabase {
    /// How long a process waits for another's write, in seconds. Writes take a millisecond or so.
    private static let patience = 5.0

    static func configuration(readonly: Bool) -> Configuration {
        var configuration = Configuration()
        configuration.readonly = readonly
        configuration.busyMode = .timeout(patience)
        configuration.maximumReaderCount = 2
        configuration.prepareDatabase { database in
            guard !readonly else { return }
            // A crash of the process loses nothing; one of the machine may lose the last writes, never their order.
            // What is lost was published at most as an attempt that nobody accepts results for.
            try database.execute(sql: "PRAGMA synchronous = NORMAL")
            // Checkpoints sync to disk and hold up the write that meets them, so fewer and larger ones. See `Checkpoints`.
            try database.execute(sql: "PRAGMA wal_autocheckpoint = 4000")
        }
        return configuration
    }

    /// Opens a database for the controller, makes its tables, and brings those of an older version up to date.
    static func openOwned(_ path: String, _ migrator: DatabaseMigrator) throws(StateError) -> DatabasePool {
        do {
            let pool = try DatabasePool(path: path, configuration: configuration(readonly: false))
            if try pool.read(migrator.hasBeenSuperseded) { throw newer(path) }
            try migrator.migrate(pool)
            return pool
        } catch {
            throw StateError.from(error, path)
        }
    }

    /// Opens a database that a controller has made, beside that controller.
    static func openBeside(
        _ path: String, _ migrator: DatabaseMigrator, readonly: Bool
    ) throws(StateError) -> DatabasePool {
        guard AbsolutePath.exists(path) else {
            throw StateError(.notFound, path, "no controller has been started here yet")
        }
        do {
            let pool = try DatabasePool(path: path, configuration: configuration(readonly: readonly))
            try pool.read { database in
                if try migrator.hasBeenSuperseded(database) { throw newer(path) }
                guard try migrator.hasCompletedMigrations(database) else {
                    throw StateError(
                        .older, path, "written by an older martlet; start its controller with this version once")
                }
            }
            return pool
        } catch {
            throw StateError.from(error, path)
        }
    }

    /// Closes a database that its owner had open.
    static func close(_ pool: DatabasePool) {
        // By ourselves, since GRDB closes its readers last, and SQLite leaves the whole write-ahead log behind when the
        // last connection may not write. Should this fail, the log is taken up at the next start.
        _ = try? pool.barrierWriteWithoutTransaction { try $0.checkpoint(.truncate) }
        try? pool.close()
    }

    private static func newer(_ path: String) -> StateError {
        StateError(.newer, path, "written by a newer martlet; use that one, or another folder with --state")
    }
}
