import AgentProtocol
import Model
import Synchronization
import Testing

@testable import Controller

/// Output of runs, and what of it has been forgotten.
private final class Outputs: LogStore {
    private let kept: Mutex<[String]>
    let removed: AsyncStream<[String]>
    private let removing: AsyncStream<[String]>.Continuation

    init(_ runs: [String]) {
        kept = Mutex(runs)
        (removed, removing) = AsyncStream.makeStream()
    }

    func append(_ chunks: [LogChunk]) async {}
    func runs() async -> [String] { kept.withLock { $0 } }

    func remove(runs uids: [String]) async {
        kept.withLock { $0.removeAll { uids.contains($0) } }
        removing.yield(uids)
    }
}

@Suite("Output of runs that are gone", .timeLimit(.minutes(1))) struct LogSweeperTests {
    @Test("is forgotten with the listing that lacks them, and when they go")
    func sweeps() async {
        let outputs = Outputs(["u1", "u2", "stale", "new"])
        let sweeper = LogSweeper(outputs)
        // Told of before the sweep has come round to it.
        sweeper.observe(.listed(runs: [sampleRun("u1"), sampleRun("u2")], pipelines: []))
        sweeper.observe(.run(sampleRun("new")))
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await sweeper.run() }
            var removed = outputs.removed.makeAsyncIterator()
            #expect(await removed.next() == ["stale"])
            sweeper.observe(.runGone(uid: "u2"))
            #expect(await removed.next() == ["u2"])
            #expect(await outputs.runs() == ["u1", "new"])
            group.cancelAll()
        }
    }
}
