import AgentProtocol
import Kafka
import Model
import Stores
import Synchronization

/// A controller's side of the protocol, played by a test: it tells an agent what to do and waits for what it says.
final class Conversation: Sendable {
    let address: String
    private let installation: String
    private let inbox: String
    private let broker: EmbeddedBroker
    private let producer: KafkaProducer
    private let consumer: KafkaConsumer
    private let heard: Heard

    init(in home: Home, inboxTopic: String, partitions: Int) async throws {
        broker = try EmbeddedBroker()
        address = broker.bootstrapServers
        inbox = inboxTopic
        let installation = home.folder.installation
        self.installation = installation
        let topics = [Topics().results, Topics().presence, Topics().logs]
        for topic in [inboxTopic] + topics { try await broker.createTopic(topic, partitions: partitions) }
        producer = try KafkaProducer(broker.settings)
        let heard = Heard(installation: installation)
        self.heard = heard
        consumer = try KafkaConsumer(broker.settings.overridden(by: ["fetch.wait.max.ms": "10"])) { heard.take($0) }
        try await consumer.assign(
            topics.flatMap { topic in
                (0..<Int32(partitions)).map { KafkaStart(KafkaPartition(topic, $0), .beginning) }
            })
    }

    func close() async {
        await producer.close()
        await consumer.close()
        await broker.close()
    }

    /// What is wrong with messages that could not be read, or had another key than they should.
    var unreadable: [String] { heard.unreadable }

    // MARK: Telling

    func assignment(_ fence: String, _ instance: String, script: String) -> Assignment {
        let fence = Fence(fence) ?? Fence(run: "u", stage: "none", attempt: 1)
        var work = StageWork()
        work.run = "work"
        work.pipeline = "work"
        work.stage = fence.stage
        work.title = fence.stage
        work.kind = "python"
        work.script = script
        work.env = [EnvironmentVariable(name: "MARTLET_STAGE", value: fence.stage)]
        return Assignment(fence: fence, instance: instance, work: work)
    }

    func headers(_ message: Message, installation: String? = nil) -> [KafkaHeader] {
        envelope(message, installation).headers.map { KafkaHeader($0.name, $0.value) }
    }

    func send(_ message: Message, installation: String? = nil) async throws {
        try await send(headers(message, installation: installation), envelope(message, installation).value)
    }

    func send(_ headers: [KafkaHeader], _ value: [UInt8]) async throws {
        _ = try await producer.send(KafkaMessage(topic: inbox, partition: 0, value: value, headers: headers))
    }

    private func envelope(_ message: Message, _ installation: String?) -> Envelope {
        Envelope(
            id: "1", source: "/controllers/test", installation: installation ?? self.installation,
            time: Timestamp(seconds: 1_795_000_000), message: message)
    }

    // MARK: Hearing

    /// Waits until the latest presence is as wanted.
    func presence(where isMet: (Presence) -> Bool) async throws -> Presence {
        try await wait(for: "presence") { messages in
            let latest = messages.lazy.compactMap { if case .presence(let presence) = $0 { presence } else { nil } }
                .last
            return latest.flatMap { isMet($0) ? $0 : nil }
        }
    }

    /// Waits until a report of that name about a fence has come so many times.
    func report(_ name: String, of fence: Fence, number: Int = 1) async throws -> AgentReport {
        try await wait(for: "\(name) of \(fence)") { messages in
            messages.lazy.compactMap { message -> AgentReport? in
                guard case .report(let report) = message, report.fence == fence,
                    message.type == "dev.martlet.agent.\(name).v1"
                else { return nil }
                return report
            }.dropFirst(number - 1).first
        }
    }

    private func wait<Result>(for what: String, _ find: ([Message]) -> Result?) async throws -> Result {
        if let found = find(heard.messages) { return found }
        for await _ in heard.ticks {
            if let found = find(heard.messages) { return found }
        }
        let said = heard.messages.map { "\($0)\n" }.joined() + heard.unreadable.joined(separator: "\n")
        throw Unmet("waited for \(what); said was:\n\(said)")
    }
}

/// All that agents have said, in the order of each partition.
private final class Heard: Sendable {
    private struct State {
        var messages: [Message] = []
        var unreadable: [String] = []
    }

    let ticks: AsyncStream<Void>
    private let tick: AsyncStream<Void>.Continuation
    private let installation: String
    private let state = Mutex(State())

    init(installation: String) {
        self.installation = installation
        (ticks, tick) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    var messages: [Message] { state.withLock { $0.messages } }
    var unreadable: [String] { state.withLock { $0.unreadable } }

    func take(_ records: [KafkaRecord]) {
        state.withLock { state in
            for record in records { take(record, &state) }
        }
        tick.yield()
    }

    private func take(_ record: KafkaRecord, _ state: inout State) {
        let headers = record.headers.map { Envelope.Header($0.name, $0.value) }
        switch Envelope.decode(headers: headers, value: record.value ?? []) {
        case .success(let envelope):
            let key = record.key.map { String(decoding: $0, as: UTF8.self) }
            if key != envelope.message.key { state.unreadable.append("the key \(key ?? "(none)")") }
            if envelope.installation != installation { state.unreadable.append("of \(envelope.installation)") }
            state.messages.append(envelope.message)
        case .failure(let error): state.unreadable.append("\(error)")
        }
    }
}

extension Stop {
    init(_ assignment: Assignment, reason: String) {
        self.init(
            fence: assignment.fence, instance: assignment.instance, digest: assignment.digest, reason: reason)
    }
}
