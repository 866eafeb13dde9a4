import Model
import Synchronization

@testable import Controller

/// A store of which a test answers each call, in the order that it likes.
final class GatedStore: ResourceStore {
    struct Call: Sendable {
        let writes: [StatusWrite]
        private let continuation: CheckedContinuation<[WriteOutcome], Never>

        init(_ writes: [StatusWrite], _ continuation: CheckedContinuation<[WriteOutcome], Never>) {
            self.writes = writes
            self.continuation = continuation
        }

        /// `u1@3`: run and version.
        var names: [String] { writes.map { "\($0.uid)@\($0.resourceVersion)" } }

        func answer() {
            continuation.resume(returning: writes.map { .stored(resourceVersion: $0.resourceVersion + "'") })
        }
    }

    let concurrentWrites: Int
    /// The calls of `write`, as they come.
    let calls: AsyncStream<Call>
    private let called: AsyncStream<Call>.Continuation
    private let count = Mutex(0)
    private let listing: StoreEvent

    init(concurrentWrites: Int, listing: StoreEvent = .listed(runs: [], pipelines: [])) {
        self.concurrentWrites = concurrentWrites
        self.listing = listing
        (calls, called) = AsyncStream.makeStream()
    }

    var callCount: Int { count.withLock { $0 } }

    func follow(_ observe: @escaping @Sendable (StoreEvent) -> Void) async throws {
        observe(listing)
        try await Task.sleep(for: .seconds(3600))
    }

    func write(_ writes: [StatusWrite]) async -> [WriteOutcome] {
        count.withLock { $0 += 1 }
        return await withCheckedContinuation { called.yield(Call(writes, $0)) }
    }

    func patch(_ patch: PipelinePatch) async -> Bool { true }
    func delete(_ run: RunReference) async -> DeleteOutcome { .gone }
    func run(uid: String) async throws -> PipelineRun? { nil }
}

extension StatusWrite {
    init(_ uid: String, _ version: Int) {
        self.init(
            uid: uid, name: uid, namespace: nil, resourceVersion: "\(version)", status: PipelineRunStatus())
    }
}
