package import Controller
internal import GRDB
package import Model
internal import Synchronization

/// Makes runs in the folder home, and asks things of them, for webhooks, schedules and pages.
///
/// Whoever comes while the database stores somebody else's runs shares the next transaction with all that wait. Under load
/// that one is put off a little, so that a thousand events a second cost a few hundred transactions.
package final class FolderDesk: RunDesk {
    /// So many events may wait to be stored.
    private static let mostWaiting = 10_000
    /// So many share a transaction.
    private static let mostTogether = 256

    /// Not sooner after the beginning of one transaction does the next one begin. A lone event waits for nothing.
    private static let pace = Duration.milliseconds(4)

    /// After so many runs for events old ones are forgotten: more at a time than have been made since.
    private static let pruneInterval = 200

    private struct Waiting {
        var making: RunMaking
        var continuation: CheckedContinuation<[MakeOutcome], Never>
    }

    private struct State {
        var waiting: [Waiting] = []
        var isStoring = false
        var lastBegan: ContinuousClock.Instant?
        /// The first ones prune what is left of earlier processes.
        var sincePruning = FolderDesk.pruneInterval
    }

    private let store: FolderStore
    private let board: RunBoard
    private let state = Mutex(State())

    /// - Parameter board: is told what the store tells.
    package init(_ store: FolderStore, board: RunBoard) {
        self.store = store
        self.board = board
    }

    package func pipelines() async throws -> [Pipeline] {
        guard board.isListed else { throw StateError(.busy, store.folder.path, "the pipelines are not known yet") }
        return board.pipelines
    }

    package func make(_ runs: [PipelineRun], remembering: Bool) async -> [MakeOutcome] {
        if runs.isEmpty { return [] }
        return await withCheckedContinuation { continuation in
            enum Step { case begin, wait, refuse }
            let step: Step = state.withLock { state in
                guard state.waiting.count < Self.mostWaiting else { return .refuse }
                state.waiting.append(
                    Waiting(making: RunMaking(runs: runs, isRemembered: remembering), continuation: continuation))
                if state.isStoring { return .wait }
                state.isStoring = true
                return .begin
            }
            switch step {
            case .begin: storeInTime()
            case .wait: break
            case .refuse:
                continuation.resume(
                    returning: runs.map { _ in .failed("\(Self.mostWaiting) events wait to be stored already") })
            }
        }
    }

    private func storeInTime() {
        let due = state.withLock { $0.lastBegan }.map { $0 + Self.pace }
        guard let due, due > .now else { return storeNext() }
        Task {
            // Nothing cancels it.
            try? await Task.sleep(until: due, tolerance: .zero, clock: .continuous)
            storeNext()
        }
    }

    /// Stores what waits, and goes on for as long as there is something.
    private func storeNext() {
        store.pool.asyncWriteWithoutTransaction { [self] database in
            let (batch, pruned) = state.withLock { state in
                state.lastBegan = .now
                let batch = Array(state.waiting.prefix(Self.mostTogether))
                state.waiting.removeFirst(batch.count)
                state.sincePruning += batch.reduce(0) { $0 + $1.making.runs.count }
                guard state.sincePruning >= Self.pruneInterval else { return (batch, 0) }
                let pruned = state.sincePruning * 2
                state.sincePruning = 0
                return (batch, pruned)
            }
            let outcomes = store.make(batch.map(\.making), pruning: pruned, database)
            // Before anybody learns of it: who has all answers may close the store.
            store.checkpoints.wrote(batch.reduce(0) { $0 + $1.making.runs.count })
            for (waiting, outcome) in zip(batch, outcomes) { waiting.continuation.resume(returning: outcome) }
            let hasMore = state.withLock { state in
                state.isStoring = !state.waiting.isEmpty
                return state.isStoring
            }
            if hasMore { storeInTime() }
        }
    }

    package func hasHandled(_ delivery: String) async throws -> Bool {
        try await store.pool.read { try Deliveries.contains(delivery, $0) }
    }

    package func remember(_ delivery: String) async throws {
        let now = store.clock()
        try await store.pool.write { try Deliveries.add(delivery, at: now, $0) }
    }

    package func runs(ofPullRequest number: Int, in repository: String) async throws -> [PipelineRun] {
        guard board.isListed else { throw StateError(.busy, store.folder.path, "the runs are not known yet") }
        let (number, hash) = (String(number), RunLabels.repositoryHash(repository))
        return board.runs.filter {
            $0.metadata.labels[RunLabels.pullRequest] == number && $0.metadata.labels[RunLabels.repository] == hash
        }
    }

    package func run(_ name: String, namespace: String?) async throws -> PipelineRun? {
        do {
            return try await store.reader.run(name, namespace: namespace)
        } catch let error as VerbError where error.kind == .unknownRun {
            return nil
        }
    }

    package func ask(_ verb: RunVerb, of run: PipelineRun) async -> AskOutcome {
        do {
            switch verb {
            case .cancel: try await store.verbs.cancel(run.uid)
            case .resume: try await store.verbs.resume(run.uid)
            case .rerun: try await store.verbs.rerun(run.uid)
            }
            return .done
        } catch let error as VerbError {
            return error.kind == .finished && verb == .cancel ? .done : .refused(error.description)
        } catch {
            return .failed("\(error)")
        }
    }
}

extension FolderStore {
    /// Makes runs for several events in one transaction, and tells those who follow.
    ///
    /// - Parameter count: How much of what is remembered may be forgotten, if its time is over.
    fileprivate func make(_ makings: [RunMaking], pruning count: Int, _ database: Database) -> [[MakeOutcome]] {
        let now = clock()
        var outcomes: [[MakeOutcome]] = []
        do {
            try database.inTransaction(.immediate) {
                var pipelines = KnownPipelines()
                for making in makings { outcomes.append(try making.make(at: now, &pipelines, database)) }
                if count > 0 { try Deliveries.prune(at: now, atMost: count, database) }
                return .commit
            }
        } catch {
            let trouble = StateError.from(error, folder.databasePath).description
            return makings.map { $0.runs.map { _ in .failed(trouble) } }
        }
        let made = outcomes.joined().compactMap { outcome -> PipelineRun? in
            guard case .made(let run) = outcome else { return nil }
            return run
        }
        announce(database, made: made)
        return outcomes
    }
}
