import CKafka
import Synchronization

/// The producer's thread and what it shares with callers.
final class ProducerLoop: Sendable {
    private struct Flush {
        let deadline: ContinuousClock.Instant
        let continuation: CheckedContinuation<Result<Void, KafkaError>, Never>
    }

    private struct State {
        var replies = Replies<KafkaProducer.DeliveryHandler>()
        var flushes: [Flush] = []
        var closing = ClosingState()
        /// No flush is kept from here on, since nobody would answer it.
        var hasEnded = false
    }

    let handle: ClientHandle
    private let onEvent: @Sendable (KafkaProducer.Event) -> Void
    private let state = Mutex(State())

    init(handle: ClientHandle, onEvent: @escaping @Sendable (KafkaProducer.Event) -> Void) {
        self.handle = handle
        self.onEvent = onEvent
    }

    var outstanding: Int { state.withLock { $0.replies.count } }

    func produce(
        _ message: KafkaMessage, onDelivery: @escaping KafkaProducer.DeliveryHandler
    ) throws(KafkaError) {
        try handle.withClient { client throws(KafkaError) in
            let reply = state.withLock { $0.replies.insert(onDelivery) }
            do throws(KafkaError) {
                try ProduceArguments.produce(
                    message, reply: reply, client: client, topic: handle.topic(message.topic))
            } catch {
                _ = state.withLock { $0.replies.remove(reply) }
                throw error
            }
        }
    }

    func flush(deadline: ContinuousClock.Instant) async throws(KafkaError) {
        let result: Result<Void, KafkaError> = await withCheckedContinuation { continuation in
            let known: Result<Void, KafkaError>? = state.withLock { state in
                if state.replies.count == 0 { return .success(()) }
                if state.hasEnded { return .failure(.closed) }
                state.flushes.append(Flush(deadline: deadline, continuation: continuation))
                return nil
            }
            if let known { continuation.resume(returning: known) } else { handle.wake() }
        }
        try result.get()
    }

    func close() async {
        handle.beginClosing()
        await withCheckedContinuation { continuation in
            state.withLock { $0.closing.wait(continuation) }?.resume()
        }
    }

    /// The body of the producer's thread.
    func run() {
        while !handle.isClosing {
            let deadline = state.withLock { $0.flushes.map(\.deadline).min() }
            poll(PollTimeout.milliseconds(until: deadline))
        }
        shutDown()
    }

    /// Serves callbacks until there is something to do, then does it.
    private func poll(_ milliseconds: Int32) {
        handle.withClientOfOwner { client in _ = rd_kafka_poll(client, milliseconds) }
        for notice in handle.inbox.take() {
            switch notice {
            case .delivered(let reply, let code, let delivery): answer(reply, code, delivery)
            case .failed(let code, let reason): report(code, reason)
            case .committed: break
            }
        }
        answerFlushes()
    }

    private func answer(_ reply: Int, _ code: KafkaError.Code, _ delivery: KafkaDelivery) {
        guard let handler = state.withLock({ $0.replies.remove(reply) }) else { return }
        handler(code.rawValue == 0 ? .success(delivery) : .failure(KafkaError(code)))
    }

    private func answerFlushes() {
        let answers: [(Flush, Result<Void, KafkaError>)] = state.withLock { state in
            guard !state.flushes.isEmpty else { return [] }
            if state.replies.count == 0 {
                defer { state.flushes = [] }
                return state.flushes.map { ($0, .success(())) }
            }
            let now = ContinuousClock.now
            let late = state.flushes.filter { $0.deadline <= now }
            state.flushes.removeAll { $0.deadline <= now }
            return late.map { ($0, .failure(KafkaError(.timedOut, "\(state.replies.count) messages not yet sent"))) }
        }
        for (flush, result) in answers { flush.continuation.resume(returning: result) }
    }

    private func report(_ code: KafkaError.Code, _ reason: String) {
        guard code == .fatal else { return onEvent(.failure(KafkaError(code, reason))) }
        // The callback says only that there is a fatal error; here, outside it, one may ask which.
        handle.withClientOfOwner { client in
            let (cause, text) = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 512) { text in
                text.initialize(repeating: 0)
                let cause = rd_kafka_fatal_error(client, text.baseAddress, text.count)
                return (cause, text.baseAddress.map { String(cString: $0) } ?? reason)
            }
            onEvent(.fatal(KafkaError(KafkaError.Code(cause), text, isFatal: true)))
        }
    }

    private func shutDown() {
        // librdkafka drops messages without a word when it is destroyed; a purge makes it answer them.
        handle.withClientOfOwner { client in
            _ = rd_kafka_purge(client, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT)
        }
        let patience = ContinuousClock.now + .seconds(5)
        while outstanding > 0, ContinuousClock.now < patience { poll(50) }
        handle.destroy()

        let (unanswered, flushes) = state.withLock { state in
            state.hasEnded = true
            defer { state.flushes = [] }
            return (state.replies.removeAll(), state.flushes)
        }
        for handler in unanswered { handler(.failure(.closed)) }
        for flush in flushes { flush.continuation.resume(returning: .failure(.closed)) }
        for waiter in state.withLock({ $0.closing.close() }) { waiter.resume() }
    }
}
