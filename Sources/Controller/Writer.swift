internal import Synchronization

/// Hands status writes to the store: what comes while a batch is under way goes together with the next.
final class Writer: Sendable {
    private let store: any ResourceStore
    private let mailbox: Mailbox
    private let waiting = Mutex<[StatusWrite]>([])
    private let signal: AsyncStream<Void>.Continuation
    private let signals: AsyncStream<Void>

    init(store: any ResourceStore, mailbox: Mailbox) {
        self.store = store
        self.mailbox = mailbox
        (signals, signal) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    func put(_ writes: [StatusWrite]) {
        waiting.withLock { $0 += writes }
        signal.yield()
    }

    func finish() { signal.finish() }

    func run() async {
        for await _ in signals {
            let batch = waiting.withLock { waiting in
                let batch = waiting
                waiting = []
                return batch
            }
            guard !batch.isEmpty else { continue }
            let outcomes = await store.write(batch)
            for (write, outcome) in zip(batch, outcomes) { mailbox.put(.wrote(uid: write.uid, outcome)) }
        }
    }
}
