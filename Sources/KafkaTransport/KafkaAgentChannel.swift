package import AgentProtocol
package import Controller
import Kafka
import Logging
import Synchronization

/// The leading controller's way to its agents over Kafka.
///
/// `run` is to be started once the controller leads and has listed everything: reading of presence begins at its end,
/// and reading of results at the committed offsets, else at the earliest.
///
/// Events come on the consumer's thread, in batches, one call at a time; nothing more is fetched while the handler runs.
/// `link(isUp: true)` comes before the first event, and before any other after an outage.
package final class KafkaAgentChannel: AgentChannel {
    /// What is subscribed at present.
    struct Subscription: Sendable {
        let session: LinkSession
        var presence: [KafkaPartition]
        var results: [KafkaPartition]

        var all: [KafkaPartition] { presence + results }
    }

    struct State {
        var user: Int?
        var isExpecting = false
        var subscription: Subscription?
        var health = LinkHealth(now: .now)
        /// Whether the watch waits for reading to get to an end that it has been told.
        var isProving = false
        /// Asked for, and not yet answered by an event.
        var tokens: Set<Int> = []
        var unasked: Set<Int> = []
        var wantsReports = false
        var kinds: Set<String>
        var newKinds = true
        var commits: [Int: Int64] = [:]
        /// Results that were not read when that was last looked at.
        var resultsLag: Int?
    }

    let link: KafkaLink
    let state: Mutex<State>
    let sink: EventSink<ChannelEvent>
    let stamp: MessageStamp
    let catchUps = Signal()
    let commits = Signal()
    let errands = Signal()
    private let backlog: (@Sendable () -> Int)?

    var topics: Topics { link.configuration.topics }
    var logger: Logger { link.configuration.logger }

    /// - Parameters:
    ///   - controller: names this controller's process in its messages.
    ///   - kinds: of agents, whose topics are made if they are missing. More may be named later.
    ///   - signer: signs what agents are told; without one it goes unsigned.
    ///   - backlog: how many events the receiver hasn't got to; reading is held back while there are too many.
    package init(
        link: KafkaLink, controller: String, kinds: [String] = [], signer: MessageSigner? = nil,
        backlog: (@Sendable () -> Int)? = nil,
        onEvents: @escaping @Sendable ([ChannelEvent]) -> Void
    ) {
        self.link = link
        self.backlog = backlog
        state = Mutex(State(kinds: Set(kinds)))
        sink = EventSink(onEvents)
        stamp = MessageStamp(
            source: "/controllers/\(controller)", installation: link.configuration.installation, signer: signer)
    }

    package func publish(
        _ message: ControllerMessage, to inbox: Inbox, delivered: @escaping @Sendable (Bool) -> Void
    ) {
        offer([inbox.kind])
        link.outlet.pass(
            stamp.record(.controller(message), topic: topics.inbox(inbox.kind), partition: inbox.partition),
            answer: delivered)
    }

    package func publishReportToAll() {
        state.withLock { $0.wantsReports = true }
        errands.raise()
    }

    package func commit(_ positions: [ResultsPosition]) {
        guard link.configuration.keepsPositions else { return }
        guard !positions.isEmpty else { return }
        state.withLock { state in
            for position in positions { state.commits[position.partition] = position.offset }
        }
        commits.raise()
    }

    package func catchUp(token: Int) {
        state.withLock { state in
            state.tokens.insert(token)
            state.unasked.insert(token)
        }
        catchUps.raise()
    }

    package func expectTraffic(_ expected: Bool) {
        let user = state.withLock { state in
            state.isExpecting = expected
            return state.user
        }
        if let user { link.expect(expected, by: user) }
    }

    /// Makes the topics of these kinds if they are missing: of kinds that pipelines want and no agent has offered yet.
    package func offer(_ kinds: [String]) {
        let areNew = state.withLock { state in
            let before = state.kinds.count
            state.kinds.formUnion(kinds)
            guard state.kinds.count > before else { return false }
            state.newKinds = true
            return true
        }
        if areNew { errands.raise() }
    }

    /// Whether the controller's own fetches are answered; nil until that is known.
    package var isUp: Bool? { state.withLock { $0.health.isUp } }

    /// Receives and serves until the task is cancelled; the last positions are committed before it returns.
    package func run() async {
        let callbacks = KafkaLink.Callbacks(
            receive: { [self] in receive($0) },
            missed: { [self] partition in
                // Whatever it was, agents know more of it.
                if partition.topic == topics.results { publishReportToAll() }
            })
        guard let (user, sessions) = link.join(callbacks) else { return }
        let isExpecting = state.withLock { state in
            state.user = user
            state.health = LinkHealth(now: .now)
            return state.isExpecting
        }
        link.expect(isExpecting, by: user)
        await withDiscardingTaskGroup { group in
            group.addTask { for await session in sessions { await self.subscribe(in: session, user) } }
            group.addTask { for await _ in self.catchUps.calls { await self.askForEnds(user) } }
            group.addTask { for await _ in self.commits.calls { await self.commitSoon() } }
            group.addTask { for await _ in self.errands.calls { await self.runErrands() } }
            group.addTask { await self.watch(user) }
        }
        _ = await commitNow()
        await link.leave(user)
        state.withLock { state in
            state.user = nil
            state.subscription = nil
        }
    }

    /// On the consumer's thread.
    private func receive(_ arrivals: [Arrival]) {
        let (results, presence) = (topics.results, topics.presence)
        sink.emit { events in
            if state.withLock({ $0.health.proven(at: .now) }) { events.append(.link(isUp: true)) }
            events.reserveCapacity(events.count + arrivals.count)
            for arrival in arrivals {
                switch arrival.partition.topic {
                case results:
                    let position = ResultsPosition(partition: Int(arrival.partition.partition), offset: arrival.offset)
                    if case .message(.report(let report)) = arrival.content {
                        events.append(.report(report, at: position))
                    } else {
                        events.append(.skipped(position))
                        setAside(arrival)
                    }
                case presence:
                    if case .message(.presence(let heartbeat)) = arrival.content {
                        events.append(.presence(heartbeat))
                    } else {
                        setAside(arrival)
                    }
                default: break
                }
            }
        }
        holdBack()
    }

    /// The leading controller is the one reader of these topics whose word counts.
    private func setAside(_ arrival: Arrival) {
        if let fault = arrival.fault { link.dead.setAside(arrival.record, fault, reader: stamp.source) }
    }

    /// Leaves the rest inside librdkafka, which bounds it, until the receiver has got to what it has.
    private func holdBack() {
        guard let backlog else { return }
        // On the consumer's own thread, and only under overload: there is nothing else to wait for.
        while backlog() > Self.backlogLimit, !link.isEnding { sleepOneMillisecond() }
    }

    private static let backlogLimit = 50_000
}
