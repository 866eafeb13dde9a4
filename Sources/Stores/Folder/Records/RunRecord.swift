internal import FoundationEssentials
internal import GRDB
internal import Model

/// A run as the database holds it.
struct RunRecord: StoredRecord {
    var id: Int64
    var uid: String
    var namespace: String
    var name: String
    /// The manifest that asks for it; nil when a command made it.
    var file: String?
    /// Whether that file is still there.
    var isPresent: Bool
    var isArchived: Bool
    var isSpecChanged: Bool
    var metadata: Metadata
    /// Without the verbs.
    var spec: PipelineRunSpec
    /// What is wanted now, by files and commands.
    var verbs: RunVerbs
    /// What the file said when it was last read.
    var fileVerbs: RunVerbs
    var generation: Int
    var created: Timestamp
    var changed: Int64
    var revision: Int64
    var completed: Timestamp?
    var status: PipelineRunStatus

    static let selection = """
        SELECT id, uid, namespace, name, file, is_present, is_archived, is_spec_changed, metadata, spec, verbs, \
        file_verbs, generation, created, changed, revision, completed, status \
        FROM runs JOIN statuses ON run = id
        """

    init(_ row: Row) throws {
        id = row[0]
        uid = row[1]
        namespace = row[2]
        name = row[3]
        file = row[4]
        isPresent = row[5]
        isArchived = row[6]
        isSpecChanged = row[7]
        metadata = try Metadata(row, 8)
        spec = try PipelineRunSpec(row, 9)
        verbs = try RunVerbs(row, 10)
        fileVerbs = try RunVerbs(row, 11)
        generation = row[12]
        created = Timestamp(microseconds: row[13])
        changed = row[14]
        revision = row[15]
        completed = (row[16] as Int64?).map(Timestamp.init(microseconds:))
        status = try PipelineRunStatus(row, 17)
    }

    /// The run as everyone else sees it.
    var run: PipelineRun {
        var metadata = metadata.completed(
            name: name, namespace: namespace, uid: uid, revision: revision, generation: generation, created: created)
        if isSpecChanged { metadata.annotations[PipelineRun.specChangedAnnotation] = "true" }
        if isArchived { metadata.annotations[PipelineRun.archivedAnnotation] = "true" }
        var spec = spec
        spec.set(verbs)
        return PipelineRun(metadata: metadata, spec: spec, status: status)
    }

    /// Whether nothing more happens to the run: it has ended, and nobody has asked for a rerun since.
    var hasEnded: Bool { completed != nil && verbs.rerunCount <= status.observedRerun }

    // MARK: Reading

    static func with(uid: String, _ database: Database) throws -> RunRecord? {
        try all(database, where: "WHERE uid = ?", [uid]).first
    }

    /// The run that has the name now.
    static func named(_ name: String, in namespace: String, _ database: Database) throws -> RunRecord? {
        try all(database, where: "WHERE namespace = ? AND name = ? AND is_archived = 0", [namespace, name]).first
    }

    /// Runs of which something but the status has changed after a revision, in the order of those changes.
    ///
    /// - Parameter known: runs as they have just been stored, by resourceVersion: those needn't be decoded.
    static func changes(
        after revision: Int64, known: [String: PipelineRun], _ database: Database
    ) throws -> [(run: PipelineRun, changed: Int64)] {
        let statement = try database.cachedStatement(sql: "\(selection) WHERE changed > ? ORDER BY changed")
        let rows = try Row.fetchCursor(statement, arguments: [revision])
        var changes: [(run: PipelineRun, changed: Int64)] = []
        while let row = try rows.next() {
            let (changed, revision): (Int64, Int64) = (row[14], row[15])
            if changed == revision, !known.isEmpty, let run = known[String(revision)] {
                changes.append((run, changed))
            } else {
                changes.append((try RunRecord(row).run, changed))
            }
        }
        return changes
    }

    static func names(in namespace: String, _ database: Database) throws -> [String] {
        try String.fetchAll(
            database,
            sql: "SELECT name FROM runs WHERE namespace = ? AND is_archived = 0 ORDER BY created DESC LIMIT 1000",
            arguments: [namespace])
    }

    // MARK: Writing

    /// Stores a new run, whose status is empty, and gives it as everyone else sees it.
    @discardableResult
    static func insert(
        _ run: PipelineRun, file: String?, at now: Timestamp, _ database: Database
    ) throws -> PipelineRun {
        let revision = try FolderSchema.revisions(1, database)
        let verbs = RunVerbs(run.spec)
        let uid = RandomName.uuid(at: now)
        try database.cachedStatement(
            sql: """
                INSERT INTO runs (uid, namespace, name, file, is_present, is_archived, is_spec_changed, metadata, spec, \
                verbs, file_verbs, generation, created, changed) VALUES (?, ?, ?, ?, 1, 0, 0, ?, ?, ?, ?, 1, ?, ?)
                """
        ).execute(arguments: [
            uid, run.metadata.namespace ?? "", run.metadata.name, file, run.metadata.userPart.stored,
            run.spec.immutable.stored, verbs.stored, verbs.stored, now.microseconds, revision,
        ])
        try database.cachedStatement(sql: "INSERT INTO statuses (run, revision, status) VALUES (?, ?, ?)")
            .execute(arguments: [database.lastInsertedRowID, revision, PipelineRunStatus().stored])
        let metadata = run.metadata.userPart.completed(
            name: run.metadata.name, namespace: run.metadata.namespace ?? "", uid: uid, revision: revision,
            generation: 1, created: now)
        return PipelineRun(metadata: metadata, spec: run.spec)
    }

    /// Stores everything but the status, as the next revision.
    mutating func save(_ database: Database) throws {
        changed = try FolderSchema.revisions(1, database)
        revision = changed
        try database.cachedStatement(
            sql: """
                UPDATE runs SET file = ?, is_present = ?, is_archived = ?, is_spec_changed = ?, metadata = ?, verbs = ?, \
                file_verbs = ?, generation = ?, changed = ? WHERE id = ?
                """
        ).execute(arguments: [
            file, isPresent, isArchived, isSpecChanged, metadata.stored, verbs.stored, fileVerbs.stored, generation,
            changed, id,
        ])
        // So that a status that was decided before this change is not stored after it.
        try database.cachedStatement(sql: "UPDATE statuses SET revision = ? WHERE run = ?")
            .execute(arguments: [revision, id])
    }

    /// Deletes the run with its status.
    func delete(_ database: Database) throws {
        try database.cachedStatement(sql: "DELETE FROM runs WHERE id = ?").execute(arguments: [id])
    }

    /// Changes what is wanted of the run, as the next generation.
    mutating func want(_ new: RunVerbs) {
        guard new != verbs else { return }
        verbs = new
        generation += 1
    }
}

extension Metadata {
    /// What a user may write besides the name.
    var userPart: Metadata {
        var metadata = Metadata()
        metadata.labels = labels
        metadata.annotations = annotations
        // These are the store's own to set.
        metadata.annotations[PipelineRun.specChangedAnnotation] = nil
        metadata.annotations[PipelineRun.archivedAnnotation] = nil
        return metadata
    }
}
