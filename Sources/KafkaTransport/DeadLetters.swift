import AgentProtocol
import Controller
import Glibc
import Kafka
import Logging
import Model
import Synchronization

/// Sets records aside that can't be acted on, on `<topic>.dead`, and says so now and then.
///
/// # Guarantees
/// Reading never waits for it: `setAside` puts the record on a list with a bound, and a task of its own sends it. What is
/// too much is counted; the next record that is set aside says how many. A record is set aside once a process, however
/// many listeners it has. Nothing here reads a `.dead` topic, and what comes from one is never set aside.
///
/// # Caveats
/// A process that is killed at this moment takes the record with it, for results move on at once.
final class DeadLetters: Sendable {
    /// Set aside at once, and each second from then on.
    static let burst = 50
    static let perSecond = 10
    private static let waitingLimit = 100
    private static let warningInterval = Duration.seconds(10)
    /// How long a topic that couldn't be made isn't asked for again.
    private static let refusalInterval = Duration.seconds(30)

    private struct State {
        var counts = RecordCounts()
        var allowance: Allowance
        var waiting: [DeadLetter] = []
        /// Not set aside since the last that was.
        var leftOut = 0
        var seen: [KafkaPartition: SeenOffsets] = [:]
        var unsaid = 0
        var lastSaid: ContinuousClock.Instant?
    }

    private let state: Mutex<State>
    private let wake = Signal()
    private let configuration: KafkaLinkConfiguration

    init(_ configuration: KafkaLinkConfiguration) {
        self.configuration = configuration
        state = Mutex(
            State(allowance: Allowance(burst: Self.burst, perSecond: Self.perSecond, now: ContinuousClock.now)))
    }

    var counts: RecordCounts { state.withLock { $0.counts } }

    func noteForeign() { state.withLock { $0.counts.foreign += 1 } }

    /// To be called when offsets begin anew.
    func forgetOffsets() { state.withLock { $0.seen = [:] } }

    /// From any thread; returns at once.
    func setAside(_ record: KafkaRecord, _ fault: Fault, reader: String) {
        let now = ContinuousClock.now
        let partition = KafkaPartition(record.topic, record.partition)
        let (isWaiting, count): (Bool, Int?) = state.withLock { state in
            guard state.seen[partition, default: SeenOffsets()].insert(record.offset) else { return (false, nil) }
            state.counts.faulty += 1
            state.counts.byReason[fault.reason, default: 0] += 1
            let isWaiting = put(record, fault, reader, &state, now)
            // A topic full of somebody else's records must not fill the log too.
            state.unsaid += 1
            if let last = state.lastSaid, now - last < Self.warningInterval { return (isWaiting, nil) }
            state.lastSaid = now
            defer { state.unsaid = 0 }
            return (isWaiting, state.unsaid)
        }
        if isWaiting { wake.raise() }
        guard let count else { return }
        configuration.logger.warning(
            "set aside a record that can't be acted on",
            metadata: [
                "reason": "\(fault.reason.rawValue)", "problem": "\(fault.detail)",
                "record": "\(record.topic)[\(record.partition)]@\(record.offset)",
                "to": "\(configuration.topics.dead(record.topic))", "count": "\(count)",
            ])
    }

    /// Puts the record on the list, if there is room for it.
    private func put(
        _ record: KafkaRecord, _ fault: Fault, _ reader: String, _ state: inout State, _ now: ContinuousClock.Instant
    ) -> Bool {
        guard !Topics.isDead(record.topic), state.waiting.count < Self.waitingLimit, state.allowance.take(at: now)
        else {
            state.leftOut += 1
            state.counts.leftOut += 1
            return false
        }
        state.waiting.append(
            DeadLetter(
                record: record, fault: fault, reader: reader, time: Timestamp.current().description,
                installation: configuration.installation, leftOut: state.leftOut))
        state.leftOut = 0
        return true
    }

    /// Sends what is waiting, until the task is cancelled.
    func run(on link: KafkaLink) async {
        var ready: Set<String> = []
        var generation = 0
        var refused: [String: ContinuousClock.Instant] = [:]
        for await _ in wake.calls {
            while !Task.isCancelled, let letter = next() {
                guard let session = link.state.withLock({ $0.session }) else {
                    noteLost()
                    continue
                }
                if session.generation != generation { (ready, refused, generation) = ([], [:], session.generation) }
                let topic = configuration.topics.dead(letter.record.topic)
                if !ready.contains(topic) {
                    if let last = refused[topic], ContinuousClock.now - last < Self.refusalInterval {
                        noteLost()
                        continue
                    }
                    do throws(KafkaError) {
                        _ = try await session.ensure([topic])
                        ready.insert(topic)
                    } catch {
                        link.troubles.note(error)
                        refused[topic] = .now
                        noteLost()
                        continue
                    }
                }
                link.outlet.pass(letter.message(topic: topic)) { [self] isStored in
                    if isStored { state.withLock { $0.counts.setAside += 1 } } else { noteLost() }
                }
            }
        }
    }

    private func next() -> DeadLetter? {
        state.withLock { $0.waiting.isEmpty ? nil : $0.waiting.removeFirst() }
    }

    private func noteLost() {
        state.withLock { state in
            state.leftOut += 1
            state.counts.leftOut += 1
        }
    }
}
