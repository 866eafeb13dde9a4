internal import GRDB
package import Model

/// Looks at runs and pipelines (`martlet get`, `describe`), from any process, beside a controller or without one.
package struct FolderReader: Sendable {
    private let pool: DatabasePool
    private let path: String

    init(_ pool: DatabasePool, path: String) {
        self.pool = pool
        self.path = path
    }

    /// Opens the folder without its lock, for reading only.
    ///
    /// - Throws: `StateError`: no controller has ever been started here, another version has written the folder.
    package init(_ folder: StateFolder) throws(StateError) {
        self.init(
            try FolderDatabase.openBeside(folder.databasePath, FolderSchema.migrator, readonly: true),
            path: folder.databasePath)
    }

    /// The runs, the newest first, archived ones among them.
    ///
    /// - Parameters:
    ///   - namespace: Only of this one; nil for all.
    ///   - pipeline: Only of this one.
    package func runs(
        namespace: String? = nil, pipeline: String? = nil, limit: Int? = nil
    ) async throws -> [PipelineRun] {
        try await read { database in
            var condition = "WHERE 1"
            var arguments: StatementArguments = []
            if let namespace {
                condition += " AND namespace = ?"
                arguments += [namespace]
            }
            if let pipeline {
                condition += " AND json_extract(CAST(spec AS TEXT), '$.pipelineRef.name') = ?"
                arguments += [pipeline]
            }
            condition += " ORDER BY created DESC, id DESC"
            if let limit {
                condition += " LIMIT ?"
                arguments += [limit]
            }
            return try RunRecord.all(database, where: condition, arguments).map(\.run)
        }
    }

    /// The runs that have not ended.
    package func activeRuns() async throws -> [PipelineRun] {
        try await read { try RunRecord.all($0, where: "WHERE completed IS NULL").map(\.run) }
    }

    /// The run of that name, or with that UID.
    ///
    /// - Throws: `VerbError` of kind `unknownRun`, with the nearest name.
    package func run(_ name: String, namespace: String? = nil) async throws -> PipelineRun {
        try await read { try Self.find(name, namespace, $0).run }
    }

    /// The pipelines that manifests hold, by name.
    package func pipelines(namespace: String? = nil) async throws -> [Pipeline] {
        try await read { database in
            try PipelineRecord.all(database, where: "WHERE is_present = 1 ORDER BY namespace, name")
                .filter { namespace == nil || $0.namespace == namespace }
                .map(\.pipeline)
        }
    }

    /// The agents that are wanted to take nothing more, by name.
    package func drainedAgents() async throws -> [String] {
        try await read { try DrainedAgents.all($0) }
    }

    static func find(_ name: String, _ namespace: String?, _ database: Database) throws -> RunRecord {
        let space = namespace ?? ""
        if let record = try RunRecord.named(name, in: space, database) { return record }
        if let record = try RunRecord.with(uid: name, database) { return record }
        let names = try RunRecord.names(in: space, database)
        let near = Suggestion.nearest(to: name, among: names).map { "did you mean `\($0)`?" }
        throw VerbError(
            .unknownRun, "there is no run `\(name.shown())`",
            hint: near ?? (names.isEmpty ? "there are no runs yet" : "`martlet get runs` lists them"))
    }

    private func read<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
        do {
            return try await pool.read(body)
        } catch let error as VerbError {
            throw error
        } catch let error as CancellationError {
            throw error
        } catch {
            throw StateError.from(error, path)
        }
    }
}
