internal import GRDB
internal import Manifests
internal import Model

/// Brings the database in line with the files, object by object, within one transaction.
struct ManifestApplication {
    typealias Key = DesiredManifests.Key

    let files: ManifestFiles
    let now: Timestamp
    private(set) var keys: Set<Key> = []
    private(set) var problems: [FileProblem] = []

    init(files: ManifestFiles, now: Timestamp) {
        self.files = files
        self.now = now
    }

    /// Adds the objects that the database has from files, so that those deleted since the last controller are noticed.
    ///
    /// Runs of files elsewhere (another folder was given then) stay as they are while their file exists. Pipelines
    /// are what the files given now say.
    mutating func addStored(_ database: Database) throws {
        let runs = try Row.fetchCursor(
            database,
            sql: """
                SELECT namespace, name, file FROM runs WHERE file IS NOT NULL AND is_present = 1 AND is_archived = 0 \
                UNION ALL SELECT namespace, name, file FROM tombstones
                """)
        while let row = try runs.next() {
            let file: String = row[2]
            guard files.isInScope(file) || !AbsolutePath.exists(file) else { continue }
            keys.insert(Key(kind: PipelineRun.kind, namespace: row[0], name: row[1]))
        }
        let pipelines = try Row.fetchCursor(
            database, sql: "SELECT namespace, name FROM pipelines WHERE is_present = 1")
        while let row = try pipelines.next() {
            keys.insert(Key(kind: Pipeline.kind, namespace: row[0], name: row[1]))
        }
    }

    mutating func apply(_ key: Key, _ database: Database) throws {
        let wanted = files.desired.manifest(key)
        switch (key.kind, wanted?.manifest.resource) {
        case (_, .run(let run)?): try apply(run, wanted, key, database)
        case (_, .pipeline(let pipeline)?): try apply(pipeline, wanted?.file ?? "", key, database)
        case (PipelineRun.kind, nil): try loseRun(key, database)
        case (_, nil): try losePipeline(key, database)
        }
    }

    private mutating func apply(
        _ run: PipelineRun, _ wanted: (file: String, manifest: Manifest)?, _ key: Key, _ database: Database
    ) throws {
        guard let wanted else { return }
        let tombstone = try Tombstone.named(key.name, in: key.namespace, database)
        if var tombstone, tombstone.covers(run) {
            tombstone.file = wanted.file
            return try tombstone.save(database)
        }
        guard var record = try RunRecord.named(key.name, in: key.namespace, database) else {
            try tombstone?.delete(database)
            _ = try RunRecord.insert(run, file: wanted.file, at: now, database)
            return
        }
        switch record.follow(run, in: wanted.file) {
        case .unchanged: break
        case .changed(let refusals):
            try record.save(database)
            for refusal in refusals { refuse(refusal, wanted.manifest, at: FieldPath(.key("spec"))) }
        case .anotherRun:
            record.isArchived = true
            try record.save(database)
            _ = try RunRecord.insert(run, file: wanted.file, at: now, database)
        case .refused(let reason):
            refuse(reason, wanted.manifest, at: FieldPath(.key("metadata"), .key("name")))
        }
    }

    private mutating func apply(_ pipeline: Pipeline, _ file: String, _ key: Key, _ database: Database) throws {
        guard var record = try PipelineRecord.named(key.name, in: key.namespace, database) else {
            return try PipelineRecord.insert(pipeline, file: file, at: now, database)
        }
        let isChanged = record.follow(pipeline, in: file)
        let isNews = record.note(mistake: files.desired.mistake(about: key, in: file), at: now)
        if isChanged || isNews { try record.save(database) }
    }

    private func loseRun(_ key: Key, _ database: Database) throws {
        if let tombstone = try Tombstone.named(key.name, in: key.namespace, database),
            !files.desired.mayExist(key, in: tombstone.file)
        {
            try tombstone.delete(database)
        }
        guard var record = try RunRecord.named(key.name, in: key.namespace, database), record.file != nil,
            record.isPresent, !files.desired.mayExist(key, in: record.file)
        else { return }
        record.loseFile()
        try record.save(database)
    }

    private func losePipeline(_ key: Key, _ database: Database) throws {
        guard var record = try PipelineRecord.named(key.name, in: key.namespace, database), record.isPresent else {
            return
        }
        if files.desired.mayExist(key, in: record.file) {
            let mistake = files.desired.mistake(about: key, in: record.file)
            guard record.note(mistake: mistake, at: now) else { return }
        } else {
            record.isPresent = false
        }
        try record.save(database)
    }

    private mutating func refuse(_ message: String, _ manifest: Manifest, at path: FieldPath) {
        problems.append(
            FileProblem(
                file: manifest.file, problem: Problem(message, at: path, mark: path.mark(in: manifest.node))))
    }
}
