import CKafka
import Synchronization

/// The consumer's thread and what it shares with callers.
final class ConsumerLoop: Sendable {
    /// Something to be done on the thread between batches; without a client there is nothing left but to say so.
    private typealias Command = @Sendable (OpaquePointer?) -> Void

    private struct Commit {
        let deadline: ContinuousClock.Instant
        let resume: @Sendable (Result<Void, KafkaError>) -> Void
    }

    private struct State {
        var commands: [Command] = []
        var reads = ReadPositions()
        /// By a number that is never used again, since the answer to a commit may come after its deadline.
        var commits: [Int: Commit] = [:]
        var nextCommit = 1
        var closing = ClosingState()
        /// Nothing is kept from here on, since nobody would answer it.
        var hasEnded = false

        var earliestDeadline: ContinuousClock.Instant? {
            (commits.values.map(\.deadline) + [reads.earliestDeadline].compactMap(\.self)).min()
        }

        mutating func keep(_ commit: Commit) -> Int {
            defer { nextCommit += 1 }
            commits[nextCommit] = commit
            return nextCommit
        }
    }

    let handle: ClientHandle
    private let onEvent: @Sendable (KafkaConsumer.Event) -> Void
    private let onRecords: KafkaConsumer.RecordHandler
    private let state = Mutex(State())

    init(
        handle: ClientHandle, onEvent: @escaping @Sendable (KafkaConsumer.Event) -> Void,
        onRecords: @escaping KafkaConsumer.RecordHandler
    ) {
        self.handle = handle
        self.onEvent = onEvent
        self.onRecords = onRecords
    }

    func position(of partition: KafkaPartition) -> Int64? { state.withLock { $0.reads[partition] } }

    func change(_ body: (inout ReadPositions) -> Void) { state.withLock { body(&$0.reads) } }

    /// Does something on the thread between batches.
    func perform(
        _ body: @escaping @Sendable (OpaquePointer, ConsumerLoop) throws(KafkaError) -> Void
    ) async throws(KafkaError) {
        let result: Result<Void, KafkaError> = await withCheckedContinuation { continuation in
            let command: Command = { [self] client in
                guard let client else { return continuation.resume(returning: .failure(.closed)) }
                continuation.resume(
                    returning: Result { () throws(KafkaError) in try body(client, self) })
            }
            let kept = keep { $0.commands.append(command) }
            if !kept { command(nil) }
        }
        try result.get()
    }

    func waitUntilRead(_ ends: [KafkaOffset], deadline: ContinuousClock.Instant) async throws(KafkaError) {
        let result: Result<Void, KafkaError> = await withCheckedContinuation { continuation in
            let waiter = ReadPositions.Waiter(
                missing: Dictionary(ends.map { ($0.partition, $0.offset) }, uniquingKeysWith: max),
                deadline: deadline, resume: { continuation.resume(returning: $0) })
            let kept = keep { $0.reads.wait(waiter) }
            if !kept { waiter.resume(.failure(.closed)) }
        }
        try result.get()
    }

    func commit(_ offsets: [KafkaOffset], deadline: ContinuousClock.Instant) async throws(KafkaError) {
        let result: Result<Void, KafkaError> = await withCheckedContinuation { continuation in
            do throws(KafkaError) {
                try handle.withQueue { client, queue throws(KafkaError) in
                    let commit = Commit(deadline: deadline, resume: { continuation.resume(returning: $0) })
                    let number = state.withLock { $0.keep(commit) }
                    let list = PartitionList(offsets)
                    let code = rd_kafka_commit_queue(
                        client, list.pointer, queue, Self.onCommit, UnsafeMutableRawPointer(bitPattern: number))
                    if code != RD_KAFKA_RESP_ERR_NO_ERROR { answerCommit(number, KafkaError.Code(code)) }
                }
                // For the thread to see the deadline.
                handle.wake()
            } catch {
                continuation.resume(returning: .failure(error))
            }
        }
        try result.get()
    }

    private static let onCommit:
        @convention(c) (
            OpaquePointer?, rd_kafka_resp_err_t, UnsafeMutablePointer<rd_kafka_topic_partition_list_t>?,
            UnsafeMutableRawPointer?
        ) -> Void = { client, code, list, number in
            // A getter; see the log's callback.
            guard let inbox = CallbackInbox.from(rd_kafka_opaque(client)) else { return }
            var worst = code
            if worst == RD_KAFKA_RESP_ERR_NO_ERROR, let list {
                worst = PartitionList.read(list).first { $0.code != RD_KAFKA_RESP_ERR_NO_ERROR }?.code ?? worst
            }
            inbox.note(.committed(reply: Int(bitPattern: number), code: KafkaError.Code(worst)))
            CallbackInbox.endPoll(client)
        }

    func close() async {
        handle.beginClosing()
        await withCheckedContinuation { continuation in
            state.withLock { $0.closing.wait(continuation) }?.resume()
        }
    }

    /// Keeps something for the thread, unless that has ended.
    private func keep(_ body: (inout State) -> Void) -> Bool {
        let kept = state.withLock { state in
            if state.hasEnded { return false }
            body(&state)
            return true
        }
        if kept { handle.wake() }
        return kept
    }

    /// The body of the consumer's thread.
    func run() {
        while !handle.isClosing {
            let (commands, deadline) = state.withLock { state in
                defer { state.commands.removeAll() }
                return (state.commands, state.earliestDeadline)
            }
            for command in commands { handle.withClientOfOwner { command($0) } }
            // A command may have ended a wait, or answered one.
            if !commands.isEmpty { answerWaiters() }
            poll(PollTimeout.milliseconds(until: deadline))
            for notice in handle.inbox.take() { act(on: notice) }
            answerWaiters()
        }
        shutDown()
    }

    /// Waits for the first message, then takes what else is there. (librdkafka's own batch call waits for the batch to
    /// fill.)
    private func poll(_ milliseconds: Int32) {
        handle.withClientOfOwner { client in
            var batch = RecordBatch()
            var message = rd_kafka_consumer_poll(client, milliseconds)
            while let next = message {
                take(next, &batch)
                rd_kafka_message_destroy(next)
                if batch.isFull || handle.isClosing { break }
                message = rd_kafka_consumer_poll(client, 0)
            }
            deliver(&batch)
        }
    }

    private func take(_ message: UnsafeMutablePointer<rd_kafka_message_t>, _ batch: inout RecordBatch) {
        let code = message.pointee.err
        if code == RD_KAFKA_RESP_ERR_NO_ERROR {
            let record = KafkaRecord(message)
            let partition = KafkaPartition(record.topic, record.partition)
            guard let expected = batch.append(record, position: { position(of: $0) }) else { return }
            return onEvent(.jumped(partition, expected: expected, found: record.offset))
        }
        // What comes before an event is told before it.
        deliver(&batch)
        let reason = rd_kafka_message_errstr(message).map { String(cString: $0) }
        guard let topic = message.pointee.rkt.flatMap({ rd_kafka_topic_name($0) }) else {
            return onEvent(.failure(KafkaError(KafkaError.Code(code), reason)))
        }
        let partition = KafkaPartition(String(cString: topic), message.pointee.partition)
        if code == RD_KAFKA_RESP_ERR__PARTITION_EOF {
            let end = message.pointee.offset
            if let expected = position(of: partition), end < expected {
                onEvent(.jumped(partition, expected: expected, found: end))
            }
            state.withLock { $0.reads.advance(partition, to: end) }
            return onEvent(.reachedEnd(KafkaOffset(partition, end)))
        }
        onEvent(
            .partitionFailure(partition, KafkaError(KafkaError.Code(code), reason, about: .partition(partition))))
    }

    private func deliver(_ batch: inout RecordBatch) {
        guard !batch.isEmpty else { return }
        onRecords(batch.records)
        let runs = batch.runs
        state.withLock { state in
            for run in runs { state.reads.advance(run.partition, to: run.offset) }
        }
        batch = RecordBatch()
    }

    private func act(on notice: CallbackInbox.Notice) {
        switch notice {
        case .committed(let number, let code): answerCommit(number, code)
        case .failed(let code, let reason): report(code, reason)
        case .delivered: break
        }
    }

    /// Tells an error of the error callback, which carries a partition's name in its text alone.
    private func report(_ code: KafkaError.Code, _ reason: String) {
        let partition = state.withLock { state in
            state.reads.positions.keys.first { reason.hasPrefix("\($0.topic) [\($0.partition)]: ") }
        }
        guard let partition else { return onEvent(.failure(KafkaError(code, reason, isFatal: code == .fatal))) }
        onEvent(.partitionFailure(partition, KafkaError(code, reason, about: .partition(partition))))
    }

    private func answerCommit(_ number: Int, _ code: KafkaError.Code) {
        let commit = state.withLock { $0.commits.removeValue(forKey: number) }
        commit?.resume(code.rawValue == 0 ? .success(()) : .failure(KafkaError(code)))
    }

    private func answerWaiters() {
        let answers = state.withLock { $0.reads.takeAnswers(now: .now) }
        for (waiter, answer) in answers { waiter.resume(answer) }
        let now = ContinuousClock.now
        let late = state.withLock { state in state.commits.filter { $0.value.deadline <= now }.map(\.key) }
        for number in late { answerCommit(number, .timedOut) }
    }

    private func shutDown() {
        handle.destroy()
        let (commands, waiters, commits) = state.withLock { state in
            state.hasEnded = true
            defer {
                state.commands = []
                state.commits = [:]
            }
            return (state.commands, state.reads.takeAllWaiters(), state.commits.values.map(\.resume))
        }
        for command in commands { command(nil) }
        for waiter in waiters { waiter.resume(.failure(.closed)) }
        for commit in commits { commit(.failure(.closed)) }
        for waiter in state.withLock({ $0.closing.close() }) { waiter.resume() }
    }
}
