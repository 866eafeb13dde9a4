package import Agent
package import AgentProtocol
import Kafka
import Synchronization

/// One agent's way to the leading controller over Kafka.
///
/// The inbox is one partition of `agent.<first kind>`, by a hash of the agent's id that every process computes alike,
/// or the one configured. Reading begins at an end offset that is resolved before `ready`. Events come on the consumer's
/// thread (`unreachable` also on others), one call at a time.
///
/// With a `verifier` only what is rightly signed comes out as an event. What isn't, and what can't be read, is set aside
/// by the agent that it names. What names none that can be read is set aside by each process that reads the partition,
/// under one key: they don't know of each other.
///
/// Reports are kept by the process's link until the broker acknowledges them, in order, and sent again by itself after
/// a producer's fatal error. When a new broker address comes, all that are left are answered with `false`, and `ready`
/// follows; so too, half a second later, whatever finds no room.
package final class KafkaControllerChannel: ControllerChannel {
    private struct State {
        var user: Int?
        var isExpecting = false
        /// Whether the last attempt at anything went wrong.
        var isCut = false
    }

    private let link: KafkaLink
    private let instance: String
    private let inbox: (kind: String, hash: UInt64, partition: Int?)
    private let stamp: MessageStamp
    private let verifier: MessageVerifier?
    private let sink: EventSink<ControllerChannelEvent>
    private let state = Mutex(State())

    /// - Parameters:
    ///   - instance: messages for other instances are left out.
    ///   - kinds: what the agent offers; the first one's topic holds the inbox.
    ///   - verifier: knows the controllers that are obeyed; without one anybody's word counts.
    ///   - inboxPartition: instead of the one that follows from the agent's id.
    package init(
        link: KafkaLink, agent: String, instance: String, kinds: [String], verifier: MessageVerifier? = nil,
        inboxPartition: Int? = nil,
        onEvent: @escaping @Sendable (ControllerChannelEvent) -> Void
    ) {
        self.link = link
        self.instance = instance
        inbox = (kinds.first ?? "", stableHash(agent), inboxPartition)
        self.verifier = verifier
        stamp = MessageStamp(source: "/agents/\(agent)", installation: link.configuration.installation)
        sink = EventSink { events in
            for event in events { onEvent(event) }
        }
    }

    package func send(_ report: AgentReport, acknowledged: @escaping @Sendable (Bool) -> Void) {
        let isKept = link.outlet.keep(
            stamp.record(.report(report), topic: link.configuration.topics.results), answer: acknowledged)
        if !isKept { link.outlet.refuse(acknowledged) }
    }

    package func announce(_ presence: Presence, acknowledged: @escaping @Sendable (Bool) -> Void) {
        link.outlet.pass(stamp.record(.presence(presence), topic: link.configuration.topics.presence)) { [self] in
            note(isCut: !$0)
            acknowledged($0)
        }
    }

    package func log(_ chunk: LogChunk) {
        link.logs.send(chunk, stamp: stamp, topic: link.configuration.topics.logs)
    }

    /// Of all agents of the process, which share the room.
    package var waitingLogBytes: Int { link.logs.waitingBytes }

    package func expectTraffic(_ expected: Bool) {
        let user = state.withLock { state in
            state.isExpecting = expected
            return state.user
        }
        if let user { link.expect(expected, by: user) }
    }

    /// Listens until the task is cancelled.
    package func run() async {
        let callbacks = KafkaLink.Callbacks(receive: { [self] in receive($0) })
        guard let (user, sessions) = link.join(callbacks) else { return }
        let isExpecting = state.withLock { state in
            state.user = user
            return state.isExpecting
        }
        link.expect(isExpecting, by: user)
        for await session in sessions { await listen(in: session, user) }
        await link.leave(user)
        state.withLock { $0.user = nil }
    }

    private func listen(in session: LinkSession, _ user: Int) async {
        let topics = link.configuration.topics
        let topic = topics.inbox(inbox.kind)
        while !Task.isCancelled, link.isCurrent(session) {
            do throws(KafkaError) {
                let counts = try await session.ensure([topic, topics.results, topics.presence, topics.logs])
                let number = inbox.partition ?? Int(inbox.hash % UInt64(counts[topic] ?? 1))
                let partition = KafkaPartition(topic, Int32(number))
                let ends = try await session.quick.endOffsets(of: [partition])
                try await link.subscribe(ends.map { KafkaStart($0.partition, .at($0.offset)) }, in: session, user: user)
                state.withLock { $0.isCut = false }
                sink.emit(.ready(inboxPartition: number))
                return
            } catch {
                link.troubles.note(error)
                note(isCut: true)
                try? await Task.sleep(for: .milliseconds(250))
            }
        }
    }

    /// On the consumer's thread.
    private func receive(_ arrivals: [Arrival]) {
        // Before the sink's lock is taken: a signature takes its time.
        let messages = arrivals.compactMap(message)
        sink.emit { $0 += messages.map { .message($0) } }
    }

    /// What a record tells this agent; nil for nothing. What is wrong with it is dealt with.
    private func message(of arrival: Arrival) -> ControllerMessage? {
        if let fault = arrival.fault {
            let owner = Envelope.instance(inValue: arrival.record.value ?? [])
            if owner ?? instance == instance { link.dead.setAside(arrival.record, fault, reader: stamp.source) }
            return nil
        }
        guard case .message(.controller(let message)) = arrival.content, message.instance ?? instance == instance
        else { return nil }
        if let refusal = verifier?.refusal(of: arrival.record) {
            link.dead.setAside(arrival.record, Fault(refusal), reader: stamp.source)
            return nil
        }
        return message
    }

    private func note(isCut: Bool) {
        let isNews = state.withLock { state in
            defer { state.isCut = isCut }
            return isCut && !state.isCut
        }
        if isNews { sink.emit(.unreachable) }
    }
}
