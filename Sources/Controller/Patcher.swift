internal import Synchronization

/// Has the store keep what has been observed of pipelines: one patch at a time, of each pipeline the latest, again after
/// trouble until it is stored.
///
/// What waits is bounded by the pipelines there are.
final class Patcher: Sendable {
    private static let longestWait = Duration.seconds(30)

    private let store: any ResourceStore
    private let mayAct: @Sendable () -> Bool
    private let warn: @Sendable (String) -> Void
    private let waiting = Mutex<[ObjectKey: PipelinePatch]>([:])
    private let (signals, signal) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))

    init(store: any ResourceStore, mayAct: @escaping @Sendable () -> Bool, warn: @escaping @Sendable (String) -> Void) {
        self.store = store
        self.mayAct = mayAct
        self.warn = warn
    }

    func put(_ patch: PipelinePatch) {
        waiting.withLock { waiting in
            let key = ObjectKey(patch.name, in: patch.namespace)
            waiting[key] = waiting[key].map { $0.followed(by: patch) } ?? patch
        }
        signal.yield()
    }

    /// Patches until the task is cancelled.
    func run() async {
        var failures = 0
        for await _ in signals {
            while mayAct(), !Task.isCancelled, let (key, patch) = take() {
                if await store.patch(patch) {
                    failures = 0
                    continue
                }
                // What has come since is the newer.
                waiting.withLock { waiting in
                    waiting[key] = waiting[key].map { patch.followed(by: $0) } ?? patch
                }
                if failures == 0 { warn("the status of pipeline \(patch.name) could not be written; trying again") }
                failures += 1
                try? await Task.sleep(for: min(Self.longestWait, .milliseconds(200 << min(failures, 10))))
            }
        }
    }

    private func take() -> (ObjectKey, PipelinePatch)? {
        waiting.withLock { waiting in
            guard let key = waiting.keys.min(), let patch = waiting.removeValue(forKey: key) else { return nil }
            return (key, patch)
        }
    }
}
