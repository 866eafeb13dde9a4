internal import Controller
internal import GRDB
package import Model

/// What people ask of runs (`martlet cancel`, `rerun`, …), from any process that may write into the state folder.
///
/// A command writes into the database and wakes the controller, which sees it within a millisecond or so; without a
/// controller it is kept for the next one. A run is named by its name or its UID. Every call returns the run as it is
/// then, and throws `VerbError` for what makes no sense, `StateError` for a folder that can't be written.
package struct FolderVerbs: Sendable {
    private let pool: DatabasePool
    private let path: String
    private let clock: @Sendable () -> Timestamp
    private let committed: @Sendable () -> Void

    init(
        _ pool: DatabasePool, path: String, clock: @escaping @Sendable () -> Timestamp,
        committed: @escaping @Sendable () -> Void
    ) {
        self.pool = pool
        self.path = path
        self.clock = clock
        self.committed = committed
    }

    /// Opens the folder beside its controller.
    ///
    /// - Throws: `StateError`: no controller has ever been started here, another version has written the folder.
    package init(_ folder: StateFolder) throws(StateError) {
        let pool = try FolderDatabase.openBeside(folder.databasePath, FolderSchema.migrator, readonly: false)
        let wake = try SignalBell(.wake, in: folder)
        let changed = try SignalBell(.changed, in: folder)
        self.init(pool, path: folder.databasePath, clock: Timestamp.current) {
            wake.ring()
            changed.ring()
        }
    }

    @discardableResult
    package func cancel(_ run: String, namespace: String? = nil) async throws -> PipelineRun {
        try await change(run, namespace) { record, _ in try record.cancel() }
    }

    /// Holds back what hasn't started; running stages finish and count.
    @discardableResult
    package func pause(_ run: String, namespace: String? = nil) async throws -> PipelineRun {
        try await change(run, namespace) { record, _ in try record.pause() }
    }

    @discardableResult
    package func resume(_ run: String, namespace: String? = nil) async throws -> PipelineRun {
        try await change(run, namespace) { record, _ in try record.resume() }
    }

    @discardableResult
    package func rerun(_ run: String, namespace: String? = nil) async throws -> PipelineRun {
        try await change(run, namespace) { record, _ in try record.rerun() }
    }

    @discardableResult
    package func approve(
        _ run: String, stage: String, _ decision: ApprovalDecision.Decision, namespace: String? = nil
    ) async throws -> PipelineRun {
        try await change(run, namespace) { record, database in
            let name = record.spec.pipelineRef?.name
            let pipeline = try name.flatMap { try PipelineRecord.named($0, in: record.namespace, database) }
            try record.approve(stage, decision, pipeline: pipeline?.spec)
        }
    }

    /// Has an agent take nothing more, in this process of it and in those to come, or takes that back: for the next ones.
    package func drain(_ agent: String, undo: Bool = false) async throws {
        do {
            try await pool.write { database in
                if undo { try DrainedAgents.remove(agent, database) } else { try DrainedAgents.add(agent, database) }
            }
            committed()
        } catch let error as CancellationError {
            throw error
        } catch {
            throw StateError.from(error, path)
        }
    }

    /// Makes a run of a pipeline, with a name of its own: the pipeline's and five random letters.
    package func createRun(
        from pipeline: String, namespace: String? = nil, params: [Param] = [], source: RunSource? = nil,
        priority: Int = 0, labels: StringMap = StringMap()
    ) async throws -> PipelineRun {
        var run = PipelineRun(metadata: Metadata(), spec: PipelineRunSpec())
        run.metadata.namespace = namespace
        run.metadata.labels = labels
        run.spec.pipelineRef = PipelineReference(name: pipeline)
        run.spec.params = params
        run.spec.source = source
        run.spec.priority = priority
        return try await create(run, generateName: pipeline)
    }

    /// Makes a run that was given as a whole: by a webhook, a schedule, or on the command line.
    ///
    /// - Parameter base: What a run without a name is called after, such as a manifest's `generateName`.
    /// - Throws: `VerbError` of kind `exists` when a run has that name already.
    package func create(_ run: PipelineRun, generateName base: String = "run") async throws -> PipelineRun {
        let now = clock()
        return try await perform { database in
            var run = run
            let namespace = run.metadata.namespace ?? ""
            var pipelines = KnownPipelines()
            try run.requireSense(in: database, &pipelines)
            let isNamed = !run.metadata.name.isEmpty
            // Two random names that are the same come about once in millions of times.
            repeat {
                if !isNamed { run.metadata.name = RandomName.following(base) }
                guard try RunRecord.named(run.metadata.name, in: namespace, database) != nil else { break }
                guard !isNamed else {
                    throw VerbError(
                        .exists, "there is a run `\(run.metadata.name)` already", hint: "choose another name")
                }
            } while true
            if let complaint = TextRule.dnsName.complaint(about: run.metadata.name) {
                throw VerbError(.invalid, "the run's name \(complaint)")
            }
            return try RunRecord.insert(run, file: nil, at: now, database)
        }
    }

    // MARK: Writing

    private func change(
        _ name: String, _ namespace: String?, _ body: @escaping @Sendable (inout RunRecord, Database) throws -> Void
    ) async throws -> PipelineRun {
        try await perform { database in
            var record = try FolderReader.find(name, namespace, database)
            let generation = record.generation
            try body(&record, database)
            if record.generation != generation { try record.save(database) }
            return record.run
        }
    }

    private func perform(_ body: @escaping @Sendable (Database) throws -> PipelineRun) async throws -> PipelineRun {
        do {
            let run = try await pool.write(body)
            committed()
            return run
        } catch let error as VerbError {
            throw error
        } catch let error as CancellationError {
            throw error
        } catch {
            throw StateError.from(error, path)
        }
    }
}
