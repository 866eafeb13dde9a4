import Kafka
import PrometheusMetrics
import Synchronization
import Telemetry

/// A producer with an outbox: what is *kept* stays here, in order, until the broker has acknowledged it.
///
/// Kept messages outlive their producer: after a fatal error the next one sends them again, in their order, so one may
/// be stored twice but none is lost. Others are tried once. Nothing is called back from within `keep` or `pass`.
final class Outlet: Sendable {
    typealias Answer = @Sendable (Bool) -> Void
    typealias MakeProducer =
        @Sendable (_ onEvent: @escaping @Sendable (KafkaProducer.Event) -> Void) throws(KafkaError) -> KafkaProducer

    private struct Kept {
        let message: KafkaMessage
        let bytes: Int
        let answer: Answer
        let since = ContinuousClock.now
        /// Whether the present producer has accepted it and not yet answered.
        var isUnderWay = false
    }

    private struct State {
        var makeProducer: MakeProducer?
        var producer: KafkaProducer?
        /// Counts producers, so that a late answer of an old one isn't taken for the present one's.
        var generation = 0
        var lastNumber: UInt64 = 0
        var kept: [UInt64: Kept] = [:]
        var keptBytes = 0
        /// To be told `false` at the next `tend`.
        var refused: [Answer] = []
        var hasStragglers = false
        /// Whether the present producer's end has been told.
        var isFatal = false
    }

    private let state = Mutex(State())
    private let limit: Int
    private let onEvent: @Sendable (KafkaProducer.Event) -> Void
    private let deliveries = Histogram.Series(bounds: KafkaFigures.deliveryBounds)
    private let errors = Counter.Series()

    /// - Parameter limit: of the bytes kept.
    init(limit: Int, onEvent: @escaping @Sendable (KafkaProducer.Event) -> Void) {
        self.limit = limit
        self.onEvent = onEvent
    }

    var keptBytes: Int { state.withLock { $0.keptBytes } }

    func figures(name: String) -> KafkaFigures.Producer {
        var figures = KafkaFigures.Producer(name: name)
        figures.errors = errors.value
        figures.deliveries = deliveries.counts
        figures.keptBytes = keptBytes
        return figures
    }

    /// Sends a message and keeps it until it is acknowledged. False, and never answered, if there is no room for it;
    /// `always` is for the small ones that must get through.
    func keep(_ message: KafkaMessage, always: Bool = false, answer: @escaping Answer) -> Bool {
        let bytes = message.size
        return state.withLock { state in
            guard always || state.keptBytes + bytes <= limit else { return false }
            state.lastNumber += 1
            state.keptBytes += bytes
            state.kept[state.lastNumber] = Kept(message: message, bytes: bytes, answer: answer)
            produce(state.lastNumber, &state)
            return true
        }
    }

    /// Sends a message that is worth nothing after its topic's `message.timeout.ms`.
    func pass(_ message: KafkaMessage, answer: @escaping Answer) {
        state.withLock { state in
            guard let producer = producer(&state) else { return state.refused.append(answer) }
            let since = ContinuousClock.now
            do throws(KafkaError) {
                try producer.produce(message) { [self] result in
                    note(result, since: since)
                    if case .success = result { answer(true) } else { answer(false) }
                }
            } catch {
                errors.add()
                state.refused.append(answer)
            }
        }
    }

    /// Answers, at the next `tend`, what was refused before it came here.
    func refuse(_ answer: @escaping Answer) { state.withLock { $0.refused.append(answer) } }

    /// Begins to send: first what has been kept, in its order. The producer is made when there is something to send.
    func open(_ makeProducer: @escaping MakeProducer) {
        state.withLock { state in
            state.makeProducer = makeProducer
            state.generation += 1
            state.isFatal = false
            resend(&state)
        }
    }

    /// Gives up the producer, having waited that long for what is under way. What isn't acknowledged by then is kept.
    func close(patience: Duration = .zero) async {
        let producer = state.withLock { state in
            state.makeProducer = nil
            defer { state.producer = nil }
            return state.producer
        }
        guard let producer else { return }
        if patience > .zero { try? await producer.flush(timeout: patience) }
        await producer.close()
    }

    /// Answers everything kept with `false`.
    func forfeit() {
        let answers = state.withLock { state in
            defer {
                state.kept = [:]
                state.keptBytes = 0
                state.refused = []
            }
            return state.kept.sorted { $0.key < $1.key }.map(\.value.answer) + state.refused
        }
        for answer in answers { answer(false) }
    }

    /// Tries again what failed for a passing reason, and answers what was refused. To be called now and then.
    func tend() {
        let refused = state.withLock { state in
            if state.hasStragglers { resend(&state) }
            defer { state.refused = [] }
            return state.refused
        }
        for answer in refused { answer(false) }
    }

    /// Drops what is under way. What is kept goes out again.
    func purge() {
        // It fails for a closed producer alone, which has nothing under way.
        try? state.withLock { $0.producer }?.purge()
    }

    /// For tests of the recovery.
    func provokeFatalError() throws(KafkaError) {
        try state.withLock { $0.producer }?.provokeFatalError("provoked")
    }

    private func producer(_ state: inout State) -> KafkaProducer? {
        if let producer = state.producer { return producer }
        guard let makeProducer = state.makeProducer else { return nil }
        let generation = state.generation
        do throws(KafkaError) {
            state.producer = try makeProducer { [self] in heard($0, of: generation) }
        } catch {
            state.makeProducer = nil
            onEvent(.failure(error))
        }
        return state.producer
    }

    private func heard(_ event: KafkaProducer.Event, of generation: Int) {
        if case .fatal = event {
            let isNews = state.withLock { state in
                guard generation == state.generation, !state.isFatal else { return false }
                state.isFatal = true
                return true
            }
            guard isNews else { return }
        }
        onEvent(event)
    }

    private func resend(_ state: inout State) {
        state.hasStragglers = false
        for number in state.kept.filter({ !$0.value.isUnderWay }).keys.sorted() { produce(number, &state) }
    }

    private func produce(_ number: UInt64, _ state: inout State) {
        guard let kept = state.kept[number], let producer = producer(&state) else { return }
        let generation = state.generation
        do throws(KafkaError) {
            try producer.produce(kept.message) { [self] in
                note($0, since: kept.since)
                answered(number, generation, $0)
            }
            state.kept[number]?.isUnderWay = true
        } catch {
            errors.add()
            if error.code == .messageTooLarge {
                if let hopeless = drop(number, &state) { state.refused.append(hopeless.answer) }
            } else {
                state.hasStragglers = true
            }
        }
    }

    private func note(_ result: Result<KafkaDelivery, KafkaError>, since: ContinuousClock.Instant) {
        switch result {
        case .success: deliveries.observe((ContinuousClock.now - since) / .seconds(1))
        // Nobody's fault: it was taken back.
        case .failure(let error) where error.code == .purgedInQueue || error.code == .purgedInFlight: break
        case .failure: errors.add()
        }
    }

    /// On the producer's thread.
    private func answered(_ number: UInt64, _ generation: Int, _ result: Result<KafkaDelivery, KafkaError>) {
        let answer: Answer? = state.withLock { state in
            switch result {
            case .success: return drop(number, &state)?.answer
            case .failure(let error):
                guard generation == state.generation else { return nil }
                if error.code == .messageTooLarge {
                    if let hopeless = drop(number, &state) { state.refused.append(hopeless.answer) }
                } else {
                    state.kept[number]?.isUnderWay = false
                    state.hasStragglers = true
                }
                return nil
            }
        }
        answer?(true)
    }

    private func drop(_ number: UInt64, _ state: inout State) -> Kept? {
        guard let kept = state.kept.removeValue(forKey: number) else { return nil }
        state.keptBytes -= kept.bytes
        return kept
    }
}

extension KafkaMessage {
    /// What it takes in memory, roughly, the bookkeeping for it included.
    fileprivate var size: Int { 512 + (value?.count ?? 0) + (key?.count ?? 0) }
}
