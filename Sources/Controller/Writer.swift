internal import Synchronization

/// Hands status writes to the store, in as many calls at once as it takes.
///
/// Guarantees: the writes of one run go one after the other, in their order; what comes while the store is as busy as it
/// may be goes with the next call that is free; nothing is handed over once this process may no longer act. While runs
/// arrive the writes give way: somebody waits for each of those to be taken.
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
        let now = Moment.now.uptime
        queue.withLock { $0.put(writes, at: now) }
        signal.yield()
    }

    /// Takes note that a run has come that nobody has looked at yet.
    func noteArrival() {
        let now = Moment.now.uptime
        queue.withLock { $0.noteArrival(at: now) }
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
            let now = Moment.now.uptime
            let (mayBegin, pause) = queue.withLock { $0.note(took: now - began, at: now) }
            if mayBegin { signal.yield() }
            for (write, outcome) in zip(batch, outcomes) { mailbox.put(.wrote(uid: write.uid, outcome)) }
            if pause > 0 { try? await Task.sleep(for: .microseconds(pause)) }
            next = Task.isCancelled ? nil : queue.withLock { $0.next(after: batch) }
        }
    }
}

/// The writes that wait, and which may go now.
struct WriteQueue {
    /// How much longer than alone a write may take, in microseconds: while nobody else seems to wait for the server, and
    /// while runs arrive.
    private static let waits = (calm: Int64(50_000), yielding: Int64(10_000))
    /// So long after the last run that has arrived more are expected, in microseconds.
    private static let arrivalsLast: Int64 = 250_000
    /// A write that has waited for so long gives way to nobody, in microseconds.
    private static let patience: Int64 = 2_000_000

    /// Whether a call takes all that waits.
    private let isSingle: Bool
    private var calm: CallLimit
    private var yielding: CallLimit
    /// Whether `yielding` is the limit that holds.
    private var yields = false
    private var lastArrival: Int64?
    private var underWay = 0
    /// Those before `head` have been taken.
    private var waiting: [(write: StatusWrite, since: Int64)] = []
    private var head = 0
    /// By run with a write under way: what waits for that to end.
    private var held: [String: [StatusWrite]] = [:]

    /// - Parameter calls: How many may be under way at once, at the most. A single one takes all that waits.
    init(calls: Int) {
        isSingle = calls == 1
        calm = CallLimit(most: calls, wait: Self.waits.calm)
        yielding = CallLimit(most: calls, wait: Self.waits.yielding)
    }

    private var limit: CallLimit { yields ? yielding : calm }

    mutating func noteArrival(at now: Int64) {
        lastArrival = now
        yields = true
    }

    /// Takes note of how long a call took, before it goes on; times are in microseconds.
    ///
    /// - Returns: Whether one more may begin now, and how long this one is to wait before it goes on.
    mutating func note(took: Int64, at now: Int64) -> (mayBegin: Bool, pause: Int64) {
        if let lastArrival {
            let waited = head < waiting.count ? now - waiting[head].since : 0
            yields = now - lastArrival < Self.arrivalsLast && waited < Self.patience
        }
        if yields { yielding.note(took: took, underWay: underWay) } else { calm.note(took: took, underWay: underWay) }
        return (underWay < limit.count && head < waiting.count, limit.pause(after: took))
    }

    mutating func put(_ writes: [StatusWrite], at now: Int64) { waiting += writes.map { ($0, now) } }

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
            return waiting.isEmpty ? nil : waiting.map(\.write)
        }
        while head < waiting.count {
            let write = waiting[head].write
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
