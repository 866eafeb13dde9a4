internal import FoundationEssentials
internal import GRDB
internal import Model

/// A pipeline as the database holds it.
struct PipelineRecord: StoredRecord {
    var id: Int64
    var uid: String
    var namespace: String
    var name: String
    /// The manifest that it was last read from.
    var file: String
    /// Whether a manifest still holds it. Its id and status are kept for when it comes back.
    var isPresent: Bool
    var metadata: Metadata
    var spec: PipelineSpec
    var generation: Int
    var created: Timestamp
    var changed: Int64
    var status: PipelineStatus

    static let selection = """
        SELECT id, uid, namespace, name, file, is_present, metadata, spec, generation, created, changed, status \
        FROM pipelines
        """

    init(_ row: Row) throws {
        id = row[0]
        uid = row[1]
        namespace = row[2]
        name = row[3]
        file = row[4]
        isPresent = row[5]
        metadata = try Metadata(row, 6)
        spec = try PipelineSpec(row, 7)
        generation = row[8]
        created = Timestamp(microseconds: row[9])
        changed = row[10]
        status = try PipelineStatus(row, 11)
    }

    /// The pipeline as everyone else sees it.
    var pipeline: Pipeline {
        let metadata = metadata.completed(
            name: name, namespace: namespace, uid: uid, revision: changed, generation: generation, created: created)
        return Pipeline(metadata: metadata, spec: spec, status: status)
    }

    static func named(_ name: String, in namespace: String, _ database: Database) throws -> PipelineRecord? {
        try all(database, where: "WHERE namespace = ? AND name = ?", [namespace, name]).first
    }

    static func insert(_ pipeline: Pipeline, file: String, at now: Timestamp, _ database: Database) throws {
        let revision = try FolderSchema.revisions(1, database)
        try database.cachedStatement(
            sql: """
                INSERT INTO pipelines (uid, namespace, name, file, is_present, metadata, spec, generation, created, \
                changed, status) VALUES (?, ?, ?, ?, 1, ?, ?, 1, ?, ?, ?)
                """
        ).execute(arguments: [
            RandomName.uuid(at: now), pipeline.metadata.namespace ?? "", pipeline.metadata.name, file,
            pipeline.metadata.userPart.stored, pipeline.spec.stored, now.microseconds, revision,
            PipelineStatus().stored,
        ])
    }

    /// Stores everything, as the next revision.
    mutating func save(_ database: Database) throws {
        changed = try FolderSchema.revisions(1, database)
        try database.cachedStatement(
            sql: """
                UPDATE pipelines SET file = ?, is_present = ?, metadata = ?, spec = ?, generation = ?, changed = ?, \
                status = ? WHERE id = ?
                """
        ).execute(arguments: [
            file, isPresent, metadata.stored, spec.stored, generation, changed, status.stored, id,
        ])
    }
}
