internal import Synchronization

/// Hands status writes to the store, in as many calls at once as it takes.
///
/// Guarantees: the writes of one run go one after the other, in their order; what comes while the store is as busy as it
/// may be goes with the next call that is free; nothing is handed over once this process may no longer act.
final class Writer: Sendable {
    private let store: any ResourceStore
    private let mailbox: Mailbox
    private let mayAct: @Sendable () -> Bool
    private let queue: Mutex<WriteQueue>
    private let signal: AsyncStream<Void>.Continuation
    private let signals: AsyncStream<Void>

    init(store: any ResourceStore, mailbox: Mailbox, mayAct: @escaping @Sendable () -> Bool) {
        self.store = store
        self.mailbox = mailbox
        self.mayAct = mayAct
        queue = Mutex(WriteQueue(calls: store.concurrentWrites))
        (signals, signal) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    func put(_ writes: [StatusWrite]) {
        queue.withLock { $0.put(writes) }
        signal.yield()
    }

    func finish() { signal.finish() }

    /// Writes until `finish` is called or the task is cancelled, and waits for what is under way then.
    ///
    /// - Throws: `LeadershipLost`.
    func run() async throws {
        try await withThrowingDiscardingTaskGroup { group in
            for await _ in signals {
                while let batch = queue.withLock({ $0.begin() }) {
                    group.addTask { try await self.write(batch) }
                }
            }
        }
    }

    /// Makes one call after the other for as long as there is something to write.
    private func write(_ first: [StatusWrite]) async throws {
        var next: [StatusWrite]? = first
        while let batch = next {
            guard mayAct() else {
                signal.finish()
                throw LeadershipLost()
            }
            let began = Moment.now.uptime
            let outcomes = await store.write(batch)
            let mayBegin = queue.withLock { $0.note(took: Moment.now.uptime - began) }
            if mayBegin { signal.yield() }
            for (write, outcome) in zip(batch, outcomes) { mailbox.put(.wrote(uid: write.uid, outcome)) }
            next = Task.isCancelled ? nil : queue.withLock { $0.next(after: batch) }
        }
    }
}

/// The writes that wait, and which may go now.
struct WriteQueue {
    /// Whether a call takes all that waits.
    private let isSingle: Bool
    private var limit: CallLimit
    private var underWay = 0
    /// Those before `head` have been taken.
    private var waiting: [StatusWrite] = []
    private var head = 0
    /// By run with a write under way: what waits for that to end.
    private var held: [String: [StatusWrite]] = [:]

    /// - Parameter calls: How many may be under way at once, at the most. A single one takes all that waits.
    init(calls: Int) {
        isSingle = calls == 1
        limit = CallLimit(most: calls)
    }

    /// Takes note of how long a call took, in microseconds, before it goes on. Returns whether one more may begin now.
    mutating func note(took: Int64) -> Bool {
        limit.note(took: took, underWay: underWay)
        return underWay < limit.count && head < waiting.count
    }

    mutating func put(_ writes: [StatusWrite]) { waiting += writes }

    /// What one more call is to write; nil where there is nothing, or no further call may be made.
    mutating func begin() -> [StatusWrite]? {
        guard underWay < limit.count, let batch = take() else { return nil }
        underWay += 1
        return batch
    }

    /// What the call that has written `batch` is to write now; nil where it has come to its end.
    mutating func next(after batch: [StatusWrite]) -> [StatusWrite]? {
        for write in batch {
            guard var later = held.removeValue(forKey: write.uid), !later.isEmpty else { continue }
            let next = later.removeFirst()
            held[write.uid] = later
            return [next]
        }
        if underWay <= limit.count, let batch = take() { return batch }
        underWay -= 1
        return nil
    }

    private mutating func take() -> [StatusWrite]? {
        guard !isSingle else {
            defer { waiting = [] }
            return waiting.isEmpty ? nil : waiting
        }
        while head < waiting.count {
            let write = waiting[head]
            head += 1
            guard held[write.uid] == nil else {
                held[write.uid]?.append(write)
                continue
            }
            held[write.uid] = []
            compact()
            return [write]
        }
        compact()
        return nil
    }

    /// Forgets what has been taken, now and then.
    private mutating func compact() {
        guard head == waiting.count || head > 1024 && head > waiting.count / 2 else { return }
        waiting.removeFirst(head)
        head = 0
    }
}
