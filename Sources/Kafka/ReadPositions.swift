/// How far a consumer has read, and who waits for it to have read further: pure state, without librdkafka.
struct ReadPositions {
    typealias Answer = Result<Void, KafkaError>

    struct Waiter: Sendable {
        /// The offsets still to be reached. Empty when the wait is over.
        var missing: [KafkaPartition: Int64]
        let deadline: ContinuousClock.Instant
        let resume: @Sendable (Answer) -> Void
    }

    /// The next offset to be handed over, or `nil` while the broker hasn't said where a partition's reading begins.
    private(set) var positions: [KafkaPartition: Int64?] = [:]
    private var waiters: [Waiter] = []

    subscript(partition: KafkaPartition) -> Int64? { positions[partition] ?? nil }

    var earliestDeadline: ContinuousClock.Instant? { waiters.map(\.deadline).min() }

    mutating func assign(_ starts: [KafkaStart]) {
        positions = [:]
        add(starts)
    }

    mutating func add(_ starts: [KafkaStart]) {
        for start in starts { positions.updateValue(start.knownOffset, forKey: start.partition) }
    }

    mutating func remove(_ partitions: [KafkaPartition]) {
        for partition in partitions { positions.removeValue(forKey: partition) }
    }

    /// Notes that everything of a partition before an offset has been handled.
    mutating func advance(_ partition: KafkaPartition, to offset: Int64) {
        guard positions.keys.contains(partition) else { return }
        positions.updateValue(offset, forKey: partition)
        for index in waiters.indices {
            if let end = waiters[index].missing[partition], offset >= end {
                waiters[index].missing.removeValue(forKey: partition)
            }
        }
    }

    mutating func wait(_ waiter: Waiter) {
        var waiter = waiter
        waiter.missing = waiter.missing.filter { partition, end in self[partition].map { $0 < end } ?? true }
        waiters.append(waiter)
    }

    /// Takes out the waiters whose wait is over, with what they are to be told.
    mutating func takeAnswers(now: ContinuousClock.Instant) -> [(Waiter, Answer)] {
        guard !waiters.isEmpty else { return [] }
        var answers: [(Waiter, Answer)] = []
        var waiting: [Waiter] = []
        for waiter in waiters {
            if let answer = answer(waiter, now: now) {
                answers.append((waiter, answer))
            } else {
                waiting.append(waiter)
            }
        }
        waiters = waiting
        return answers
    }

    mutating func takeAllWaiters() -> [Waiter] {
        defer { waiters = [] }
        return waiters
    }

    private func answer(_ waiter: Waiter, now: ContinuousClock.Instant) -> Answer? {
        let missing = waiter.missing.keys.sorted()
        guard let first = missing.first else { return .success(()) }
        if let stranger = missing.first(where: { !positions.keys.contains($0) }) {
            return .failure(KafkaError(.state, "not assigned", about: .partition(stranger)))
        }
        guard waiter.deadline <= now else { return nil }
        let place = self[first].map { "at \($0)" } ?? "nowhere yet"
        let end = waiter.missing[first].map { "\($0)" } ?? "?"
        return .failure(
            KafkaError(.timedOut, "not read up to \(end) in time, but \(place)", about: .partition(first)))
    }
}
