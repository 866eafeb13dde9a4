internal import GRDB
internal import Model

/// What is left of a run that was deleted while its file was still there: by it the file, which stays as it is, makes no
/// new run each time it is read.
///
/// It goes when the file goes, or asks for something else: then there is a new run.
struct Tombstone {
    var namespace: String
    var name: String
    var file: String
    /// Of the fixed part of the spec.
    private var specHash: String
    /// What the file said.
    private var rerunCount: Int

    /// Nil for a run that no file would make anew.
    init?(of record: RunRecord) {
        guard let file = record.file, record.isPresent, !record.isArchived else { return nil }
        self.file = file
        namespace = record.namespace
        name = record.name
        specHash = record.spec.immutableHash
        rerunCount = record.fileVerbs.rerunCount
    }

    /// Whether a manifest still asks for nothing but the run that has been.
    func covers(_ run: PipelineRun) -> Bool {
        run.spec.immutableHash == specHash && run.spec.rerunCount <= rerunCount
    }

    static func named(_ name: String, in namespace: String, _ database: Database) throws -> Tombstone? {
        let statement = try database.cachedStatement(
            sql: "SELECT namespace, name, file, spec_hash, rerun_count FROM tombstones WHERE namespace = ? AND name = ?"
        )
        return try Row.fetchOne(statement, arguments: [namespace, name]).map(Tombstone.init)
    }

    private init(_ row: Row) {
        namespace = row[0]
        name = row[1]
        file = row[2]
        specHash = row[3]
        rerunCount = row[4]
    }

    func save(_ database: Database) throws {
        try database.cachedStatement(sql: "INSERT OR REPLACE INTO tombstones VALUES (?, ?, ?, ?, ?)")
            .execute(arguments: [namespace, name, file, specHash, rerunCount])
    }

    func delete(_ database: Database) throws {
        try database.cachedStatement(sql: "DELETE FROM tombstones WHERE namespace = ? AND name = ?")
            .execute(arguments: [namespace, name])
    }
}
