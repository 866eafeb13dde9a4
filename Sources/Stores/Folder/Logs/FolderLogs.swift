package import AgentProtocol
internal import GRDB
package import Model

/// Which output is wanted.
package struct LogQuery: Equatable, Sendable {
    package var run: String
    package var stage: String?
    package var attempt: Int?
    /// Only from this instance: with the attempt's number, what the stage's status names.
    package var instance: String?

    package init(run: String, stage: String? = nil, attempt: Int? = nil, instance: String? = nil) {
        self.run = run
        self.stage = stage
        self.attempt = attempt
        self.instance = instance
    }
}

/// A chunk and its place in the order in which all output has arrived.
package struct LogEntry: Equatable, Sendable {
    /// Rises with every chunk, over all runs.
    package var position: Int64
    package var fence: Fence
    /// `dropped` counts lines left out before it, by the agent or to stay within the bound.
    package var chunk: LogChunk
}

/// Reads agents' output, from any process, beside a controller or without one.
package struct FolderLogs: Sendable {
    private let pool: DatabasePool
    private let path: String

    init(_ pool: DatabasePool, path: String) {
        self.pool = pool
        self.path = path
    }

    /// Opens the folder's logs for reading only.
    ///
    /// - Throws: `StateError`, of kind `notFound` where none have ever been kept.
    package init(_ folder: StateFolder) throws(StateError) {
        self.init(
            try FolderDatabase.openBeside(folder.logsPath, LogSchema.migrator, readonly: true), path: folder.logsPath)
    }

    /// The next chunks after a position, in the order in which they arrived; an attempt's own are in theirs.
    package func read(_ query: LogQuery, after position: Int64 = 0, limit: Int = 256) async throws -> [LogEntry] {
        try await get { database in
            var condition = "run = ? AND chunks.id > ?"
            var arguments: StatementArguments = [query.run, position]
            if let stage = query.stage {
                condition += " AND stage = ?"
                arguments += [stage]
            }
            if let attempt = query.attempt {
                condition += " AND attempts.attempt = ?"
                arguments += [attempt]
            }
            if let instance = query.instance {
                condition += " AND instance = ?"
                arguments += [instance]
            }
            let statement = try database.cachedStatement(
                sql: """
                    SELECT chunks.id, stage, attempts.attempt, instance, number, time, text, is_last, \
                    dropped + CASE WHEN number = gap_end THEN gap_lines ELSE 0 END \
                    FROM (SELECT chunks.id AS place FROM attempts JOIN chunks ON chunks.attempt = attempts.id \
                    WHERE \(condition) ORDER BY place LIMIT ?) \
                    JOIN chunks ON chunks.id = place JOIN attempts ON attempts.id = chunks.attempt ORDER BY place
                    """)
            let rows = try Row.fetchCursor(statement, arguments: arguments + [limit])
            var entries: [LogEntry] = []
            while let row = try rows.next() {
                let fence = Fence(run: query.run, stage: row[1], attempt: row[2])
                var chunk = LogChunk()
                chunk.fence = fence.description
                chunk.instance = row[3]
                chunk.number = row[4]
                chunk.time = (row[5] as Int64?).map(Timestamp.init(microseconds:))
                chunk.text = row[6]
                chunk.isLast = row[7]
                chunk.dropped = row[8]
                entries.append(LogEntry(position: row[0], fence: fence, chunk: chunk))
            }
            return entries
        }
    }

    /// The last chunks of an attempt, the last one last.
    package func tail(run: String, stage: String, attempt: Int, chunks: Int) async throws -> [String] {
        try await get { database in
            let statement = try database.cachedStatement(
                sql: """
                    SELECT text FROM attempts JOIN chunks ON chunks.attempt = attempts.id \
                    WHERE run = ? AND stage = ? AND attempts.attempt = ? ORDER BY chunks.id DESC LIMIT ?
                    """)
            return try String.fetchAll(statement, arguments: [run, stage, attempt, chunks]).reversed()
        }
    }

    /// The attempts of a run that there is output of, in the order in which they began.
    package func attempts(run: String) async throws -> [LoggedAttempt] {
        try await get { database in
            let rows = try Row.fetchAll(
                database,
                sql: """
                    SELECT stage, attempt, instance, bytes, gap_lines, is_complete FROM attempts \
                    WHERE run = ? ORDER BY id
                    """, arguments: [run])
            return rows.map { row in
                LoggedAttempt(
                    fence: Fence(run: run, stage: row[0], attempt: row[1]), instance: row[2], bytes: row[3],
                    omittedLines: row[4], isComplete: row[5])
            }
        }
    }

    /// Gives what there is and then what comes, until `receive` says that it has enough or the task is cancelled.
    ///
    /// - Parameters:
    ///   - folder: Where the controller tells that there is more.
    ///   - receive: Whether to go on. Nothing more is read before it returns.
    package func follow(
        _ query: LogQuery, in folder: StateFolder, after position: Int64 = 0,
        _ receive: (LogEntry) async throws -> Bool
    ) async throws {
        let signals = try StateSignals(folder)
        defer { signals.close() }
        var position = position
        for await _ in signals.stream(of: .logged) {
            while true {
                let entries = try await read(query, after: position)
                for entry in entries {
                    position = entry.position
                    guard try await receive(entry) else { return }
                }
                if entries.isEmpty { break }
            }
        }
    }

    private func get<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
        do {
            return try await pool.read(body)
        } catch let error as CancellationError {
            throw error
        } catch {
            throw StateError.from(error, path)
        }
    }
}
