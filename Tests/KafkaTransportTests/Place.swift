import Agent
import AgentProtocol
import Controller
import Glibc
import Kafka
import Logging
import Model
import Synchronization

@testable import KafkaTransport

/// Where a test takes place: a broker, with topics of the test's own.
struct Place: Sendable {
    enum Broker: String, Sendable, CaseIterable {
        case embedded, real

        /// The embedded one, and a real one where `MARTLET_TEST_KAFKA=HOST:PORT` names it.
        static var available: [Broker] { Place.realAddress == nil ? [.embedded] : [.embedded, .real] }
    }

    static let realAddress: String? = getenv("MARTLET_TEST_KAFKA").map { String(cString: $0) }

    let address: BrokerAddress
    let broker: EmbeddedBroker?
    let topics: Topics

    init(_ kind: Broker) throws {
        if kind == .real, let address = Self.realAddress {
            broker = nil
            self.address = .cluster(KafkaSettings(bootstrapServers: address))
        } else {
            let broker = try EmbeddedBroker()
            self.broker = broker
            address = .embedded(broker.bootstrapServers)
        }
        topics = Topics(prefix: "test-\(String(UInt64.random(in: .min ... .max), radix: 36)).")
    }

    func configuration(
        installation: String = "here", _ change: (inout KafkaLinkConfiguration) -> Void = { _ in }
    ) -> KafkaLinkConfiguration {
        var configuration = Self.configuration(installation: installation, topics: topics)
        configuration.ownBroker = broker
        change(&configuration)
        return configuration
    }

    static func configuration(installation: String = "here", topics: Topics) -> KafkaLinkConfiguration {
        var logger = Logger(label: "test")
        logger.logLevel = .error
        var configuration = KafkaLinkConfiguration(installation: installation, topics: topics, logger: logger)
        configuration.plan.partitions = 4
        configuration.plan.embeddedPartitions = 4
        configuration.plan.replicationFactor = 1
        return configuration
    }
}

/// One process of a test: a link, and whatever runs on it until `end`.
final class Process: Sendable {
    let link: KafkaLink
    private let runs = Mutex<[Task<Void, Never>]>([])

    init(_ link: KafkaLink) {
        self.link = link
        start { try? await link.run() }
    }

    convenience init(_ place: Place, _ configuration: KafkaLinkConfiguration? = nil) {
        self.init(KafkaLink(configuration ?? place.configuration(), address: place.address))
    }

    func start(_ body: @escaping @Sendable () async -> Void) {
        runs.withLock { $0.append(Task { await body() }) }
    }

    func end() async {
        let runs = runs.withLock { $0 }
        for run in runs { run.cancel() }
        for run in runs { await run.value }
    }

    func controller(kinds: [String] = ["shell"], signer: MessageSigner? = nil) -> ControllerSide {
        let side = ControllerSide(link: link, kinds: kinds, signer: signer)
        start { await side.channel.run() }
        return side
    }

    func agent(
        _ name: String, instance: String = "i1", kinds: [String] = ["shell"], verifier: MessageVerifier? = nil,
        partition: Int? = nil
    ) -> AgentSide {
        let side = AgentSide(
            link: link, name: name, instance: instance, kinds: kinds, verifier: verifier, partition: partition)
        start { await side.channel.run() }
        return side
    }
}

/// A controller's end of the line, with what came out of it.
struct ControllerSide: Sendable {
    let channel: KafkaAgentChannel
    let log = EventLog<ChannelEvent>()

    init(link: KafkaLink, kinds: [String], signer: MessageSigner?) {
        let log = log
        channel = KafkaAgentChannel(link: link, controller: "c1", kinds: kinds, signer: signer) { log.add($0) }
    }

    func untilUp() async { await log.wait { $0.contains(.link(isUp: true)) } }

    static func reports(_ events: [ChannelEvent]) -> [AgentReport] {
        events.compactMap { if case .report(let report, _) = $0 { report } else { nil } }
    }

    var reports: [AgentReport] { Self.reports(log.events) }

    func reports(_ count: Int) async -> [AgentReport] {
        await log.value { events in
            let reports = Self.reports(events)
            return reports.count >= count ? reports : nil
        }
    }

    /// Everything that is in the log by now has come, too.
    func catchUp(_ token: Int) async {
        channel.catchUp(token: token)
        await log.wait { $0.contains(.caughtUp(token: token)) }
    }

    func publish(_ message: ControllerMessage, to inbox: Inbox) async -> Bool {
        await withCheckedContinuation { continuation in
            channel.publish(message, to: inbox) { continuation.resume(returning: $0) }
        }
    }
}

/// An agent's end of the line, with what came out of it.
struct AgentSide: Sendable {
    let name: String
    let instance: String
    let kinds: [String]
    let channel: KafkaControllerChannel
    let log = EventLog<ControllerChannelEvent>()
    let answers = EventLog<Bool>()

    init(
        link: KafkaLink, name: String, instance: String, kinds: [String], verifier: MessageVerifier?, partition: Int?
    ) {
        self.name = name
        self.instance = instance
        self.kinds = kinds
        let log = log
        channel = KafkaControllerChannel(
            link: link, agent: name, instance: instance, kinds: kinds, verifier: verifier, inboxPartition: partition
        ) { log.add($0) }
    }

    /// The inbox, once it is listened to.
    func ready(_ times: Int = 1) async -> Inbox {
        let partition = await log.value { events in
            let places = events.compactMap { if case .ready(let partition) = $0 { partition } else { nil } }
            return places.count >= times ? places.last : nil
        }
        return Inbox(kind: kinds[0], partition: partition)
    }

    static func messages(_ events: [ControllerChannelEvent]) -> [ControllerMessage] {
        events.compactMap { if case .message(let message) = $0 { message } else { nil } }
    }

    func messages(_ count: Int) async -> [ControllerMessage] {
        await log.value { events in
            let messages = Self.messages(events)
            return messages.count >= count ? messages : nil
        }
    }

    func presence(_ sequence: Int = 1, inbox: Inbox? = nil) -> Presence {
        var presence = Presence()
        presence.agent = name
        presence.instance = instance
        presence.sequence = sequence
        presence.kinds = kinds
        presence.slots = 2
        presence.inboxPartition = inbox?.partition ?? 0
        return presence
    }

    func announce(_ presence: Presence) async -> Bool {
        await withCheckedContinuation { continuation in
            channel.announce(presence) { continuation.resume(returning: $0) }
        }
    }

    /// Sends without waiting; the answer goes to `answers`.
    func send(_ event: AgentReport.Event, _ fence: Fence) {
        let answers = answers
        channel.send(report(event, fence)) { answers.add($0) }
    }

    func report(_ event: AgentReport.Event, _ fence: Fence) -> AgentReport {
        AgentReport(fence: fence, agent: name, instance: instance, digest: "d", event: event)
    }
}

func fence(_ run: String = "r1", _ attempt: Int = 1) -> Fence { Fence(run: run, stage: "s", attempt: attempt) }

func assignment(_ fence: Fence, instance: String = "i1") -> Assignment {
    var work = StageWork()
    work.run = "run"
    work.stage = fence.stage
    work.title = fence.stage
    work.kind = "shell"
    return Assignment(fence: fence, instance: instance, work: work)
}
