internal import Model
internal import Synchronization

/// Forgets the output of runs that are gone, whoever deleted them.
///
/// What is missed (a crash in between, output that came after its run had gone) goes with the next listing.
final class LogSweeper: Sendable {
    /// So many runs lose their output in one call.
    private static let part = 32

    private struct State {
        /// Runs that are gone.
        var gone: [String] = []
        /// Since a listing, until its sweep: all that are there.
        var present: Set<String>?
    }

    private let logs: any LogStore
    private let state = Mutex(State())
    private let signal: AsyncStream<Void>.Continuation
    private let signals: AsyncStream<Void>

    init(_ logs: any LogStore) {
        self.logs = logs
        (signals, signal) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Notes what the store tells; never blocks. To be called before anybody acts upon it.
    func observe(_ event: StoreEvent) {
        let hasWork = state.withLock { state in
            switch event {
            case .listed(let runs, _):
                state.present = Set(runs.map(\.uid))
                return true
            case .run(let run):
                if state.present != nil { state.present?.insert(run.uid) }
                return false
            case .runGone(let uid):
                state.present?.remove(uid)
                state.gone.append(uid)
                return true
            case .pipeline, .pipelineGone, .drained: return false
            }
        }
        if hasWork { signal.yield() }
    }

    /// Works until the task is cancelled.
    func run() async {
        for await _ in signals { await sweep() }
    }

    private func sweep() async {
        var uids = state.withLock { state in
            defer { state.gone = [] }
            return state.gone
        }
        if state.withLock({ $0.present != nil }) {
            // Asked first: a run has output only after it was told of, so that what is there and not present is over.
            let kept = await logs.runs()
            uids += state.withLock { state in
                defer { state.present = nil }
                return kept.filter { state.present?.contains($0) == false }
            }
        }
        // In parts, so that output that comes meanwhile isn't held up for long.
        while !uids.isEmpty, !Task.isCancelled {
            await logs.remove(runs: Array(uids.suffix(Self.part)))
            uids.removeLast(min(uids.count, Self.part))
        }
    }
}
