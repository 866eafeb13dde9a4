internal import Controller
internal import GRDB
internal import Model

/// Runs that are to be made for one event: all of them, or none.
struct RunMaking: Sendable {
    var runs: [PipelineRun]
    var delivery: String?

    /// Makes them within a transaction.
    ///
    /// An event of which something can't be made is not remembered: whoever mends the pipeline may have it sent again.
    ///
    /// - Parameter pipelines: those that have been read in the same transaction.
    func make(
        at now: Timestamp, _ pipelines: inout KnownPipelines, _ database: Database
    ) throws -> [MakeOutcome] {
        if let delivery, try Deliveries.contains(delivery, database) { return runs.map { _ in .exists } }
        let outcomes = try runs.map { try make($0, at: now, &pipelines, database) }
        if let delivery, outcomes.allSatisfy(\.isSettled) { try Deliveries.add(delivery, at: now, database) }
        return outcomes
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
