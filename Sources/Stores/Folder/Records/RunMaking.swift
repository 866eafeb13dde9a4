internal import Controller
internal import GRDB
internal import Model

/// Runs that are to be made for one event.
struct RunMaking: Sendable {
    var runs: [PipelineRun]
    /// Whether what has been made is made once, even if it is deleted.
    var isRemembered: Bool

    /// Makes them within a transaction.
    ///
    /// What can't be made is not remembered: whoever mends the pipeline may have the event sent again.
    ///
    /// - Parameter pipelines: those that have been read in the same transaction.
    func make(
        at now: Timestamp, _ pipelines: inout KnownPipelines, _ database: Database
    ) throws -> [MakeOutcome] {
        try runs.map { run in
            if isRemembered, try Deliveries.contains(run.memoryKey, database) { return .exists }
            let outcome = try make(run, at: now, &pipelines, database)
            if isRemembered, outcome.isSettled { try Deliveries.add(run.memoryKey, at: now, database) }
            return outcome
        }
    }

    private func make(
        _ run: PipelineRun, at now: Timestamp, _ pipelines: inout KnownPipelines, _ database: Database
    ) throws -> MakeOutcome {
        let namespace = run.metadata.namespace ?? ""
        if try RunRecord.named(run.metadata.name, in: namespace, database) != nil { return .exists }
        do {
            try run.requireSense(in: database, &pipelines)
        } catch let error as VerbError {
            return .refused(error.description)
        }
        return .made(try RunRecord.insert(run, file: nil, at: now, database))
    }
}
