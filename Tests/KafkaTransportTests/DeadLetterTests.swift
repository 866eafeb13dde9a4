import AgentProtocol
import Controller
import Kafka
import Model
import Testing

@testable import KafkaTransport

@Suite(.timeLimit(.minutes(1)), .serialized)
struct DeadLetterTests {
    /// A record that is no message, and why.
    struct Poison: Sendable {
        var reason: Fault.Reason
        var value: [UInt8]?
        var headers: [KafkaHeader]
    }

    private static func good(_ message: Message, signer: MessageSigner? = nil) -> KafkaMessage {
        MessageStamp(source: "/tests", installation: "here", signer: signer).record(message, topic: "")
    }

    /// What is wrong anywhere; `sample` belongs on the topic.
    static func poison(_ sample: Message, misplaced: Message) -> [Poison] {
        let good = good(sample)
        func typed(_ type: String) -> [KafkaHeader] {
            good.headers.map { $0.name == "ce_type" ? KafkaHeader("ce_type", type) : $0 }
        }
        let stranger = Self.good(misplaced)
        return [
            Poison(reason: .missingHeader, value: [0xFF, 0, 7], headers: []),
            Poison(reason: .missingHeader, value: good.value, headers: good.headers.filter { $0.name != "ce_id" }),
            Poison(reason: .undecodable, value: [0xFF, 0, 7], headers: good.headers),
            Poison(reason: .undecodable, value: nil, headers: good.headers),
            Poison(reason: .undecodable, value: Array("[1]".utf8), headers: good.headers),
            Poison(reason: .undecodable, value: Array("{}".utf8), headers: Self.good(.presence(Presence())).headers),
            Poison(
                reason: .tooLarge, value: [UInt8](repeating: UInt8(ascii: " "), count: 2 << 20),
                headers: good.headers),
            Poison(reason: .unknownVersion, value: good.value, headers: typed("dev.martlet.agent.report.v2")),
            Poison(reason: .unknownType, value: good.value, headers: typed("dev.martlet.agent.dance.v1")),
            Poison(reason: .unknownType, value: good.value, headers: typed("com.example.build")),
            Poison(reason: .misplaced, value: stranger.value, headers: stranger.headers),
        ]
    }

    private func produce(_ poison: [Poison], to topic: String, partition: Int32, at place: Place) async throws {
        // Real brokers take no more than a megabyte unless they are told to, and this producer no more than 4.
        let producer = try KafkaProducer(place.address.settings.overridden(by: ["message.max.bytes": "4000000"]))
        for record in poison {
            _ = try await producer.send(
                KafkaMessage(
                    topic: topic, partition: partition, key: Array("k".utf8), value: record.value,
                    headers: record.headers))
        }
        await producer.close()
    }

    private func expect(_ poison: [Poison], in records: [KafkaRecord], of topic: String, _ reader: String) {
        #expect(records.map { $0.text("martlet_reason") } == poison.map(\.reason.rawValue))
        for (record, original) in zip(records, poison) {
            #expect(record.text("martlet_topic") == topic)
            #expect(record.text("martlet_partition") == "0")
            #expect(record.text("martlet_reader") == reader)
            #expect(record.text("martlet_installation") == "here")
            #expect(record.text("martlet_key") == "k")
            #expect(record.text("martlet_detail")?.isEmpty == false)
            #expect(record.text("martlet_time").flatMap(Timestamp.init) != nil)
            #expect(record.key == record.text("martlet_offset").map { Array("\(topic)/0/\($0)".utf8) })
            #expect(record.headers.filter { !$0.name.hasPrefix("martlet_") } == original.headers)
            let bytes = original.value?.count ?? 0
            #expect(record.value == original.value.map { Array($0.prefix(DeadLetter.valueLimit)) })
            #expect(record.text("martlet_value_bytes") == (bytes > DeadLetter.valueLimit ? "\(bytes)" : nil))
        }
        let offsets = records.compactMap { $0.text("martlet_offset").flatMap { Int64($0) } }
        #expect(offsets == Array(0..<Int64(poison.count)), "each once, in order")
    }

    @Test
    func `what is wrong on the results topic is set aside, and its position passed`() async throws {
        let place = try Place(.embedded)
        let process = Process(place)
        let controller = process.controller()
        let agent = process.agent("a1")
        await controller.untilUp()
        _ = await agent.ready()
        let topic = place.topics.results
        let poison = Self.poison(
            .report(agent.report(.progress(message: "x"), fence())), misplaced: .presence(agent.presence()))
        try await produce(poison, to: topic, partition: 0, at: place)
        let dead = try await DeadTopic(of: topic, at: place)
        expect(poison, in: await dead.records(poison.count), of: topic, "/controllers/c1")

        agent.send(.progress(message: "on"), fence())
        #expect(await controller.reports(1).map(\.event) == [.progress(message: "on")])
        let skipped: [ResultsPosition] = controller.log.events.compactMap { event in
            if case .skipped(let position) = event { position } else { nil }
        }
        #expect(skipped.map(\.offset) == Array(0..<Int64(poison.count)))
        #expect(process.link.recordCounts.setAside == poison.count)
        #expect(process.link.recordCounts.leftOut == 0)
        #expect(process.link.recordCounts.faults.map(\.count).reduce(0, +) == poison.count)
        await dead.close()
        await process.end()
    }

    @Test
    func `what is wrong on the presence topic is set aside`() async throws {
        let place = try Place(.embedded)
        let process = Process(place)
        let controller = process.controller()
        let agent = process.agent("a1")
        await controller.untilUp()
        _ = await agent.ready()
        let topic = place.topics.presence
        let poison = Self.poison(
            .presence(agent.presence()), misplaced: .report(agent.report(.progress(message: "x"), fence())))
        try await produce(poison, to: topic, partition: 0, at: place)
        let dead = try await DeadTopic(of: topic, at: place)
        expect(poison, in: await dead.records(poison.count), of: topic, "/controllers/c1")
        #expect(await agent.announce(agent.presence(7)))
        await controller.log.wait { $0.contains(.presence(agent.presence(7))) }
        await dead.close()
        await process.end()
    }

    @Test
    func `what is wrong on the logs topic is set aside, and the output behind it stored`() async throws {
        let place = try Place(.embedded)
        let process = Process(place)
        let store = ChunkStore()
        process.start { await KafkaLogReader(link: process.link, store: store).run() }
        let agent = process.agent("a1")
        _ = await agent.ready()
        let topic = place.topics.logs
        let poison = Self.poison(.log(chunk(0, "line\n")), misplaced: .presence(agent.presence()))
        try await produce(poison, to: topic, partition: 0, at: place)
        let dead = try await DeadTopic(of: topic, at: place)
        expect(poison, in: await dead.records(poison.count), of: topic, "/log-reader")
        agent.channel.log(chunk(0, "line\n"))
        await store.log.wait { $0.map(\.text) == ["line\n"] }
        await dead.close()
        await process.end()
    }

    @Test
    func `what is wrong in an inbox is set aside by its agent, and the message behind it obeyed`() async throws {
        let place = try Place(.embedded)
        let key = SigningKey()
        let home = Process(place)
        let controller = home.controller(signer: MessageSigner(key))
        await controller.untilUp()
        let process = Process(place, place.configuration { $0.ownBroker = nil })
        let agent = process.agent("a1", verifier: MessageVerifier(keys: [key.publicKey]), partition: 0)
        let inbox = await agent.ready()
        let topic = place.topics.inbox("shell")

        let order = Message.controller(.assign(assignment(fence())))
        let signed = Self.good(order, signer: MessageSigner(key))
        let unsigned = Self.good(order)
        let signatures = Set([MessageSignature.signatureHeader, MessageSignature.keyHeader])
        let forged = Self.good(.controller(.drain(instance: "i1")), signer: MessageSigner(key)).headers
            .filter { signatures.contains($0.name) }
        var poison = Self.poison(.controller(.drain(instance: "i1")), misplaced: .presence(agent.presence()))
        // A value that can't be read says nothing of the one it is for; its fault comes before a missing signature.
        poison += [
            Poison(reason: .unsigned, value: unsigned.value, headers: unsigned.headers),
            Poison(reason: .unsigned, value: unsigned.value, headers: unsigned.headers + forged.prefix(1)),
            Poison(reason: .wrongSignature, value: unsigned.value, headers: unsigned.headers + forged),
            Poison(reason: .wrongSignature, value: (signed.value ?? []) + [0x20], headers: signed.headers),
        ]
        let other = Self.good(order, signer: MessageSigner(SigningKey()))
        poison.append(Poison(reason: .unknownKey, value: other.value, headers: other.headers))
        let process2 = Self.good(order, signer: MessageSigner(ProcessSecret()))
        poison.append(Poison(reason: .unsigned, value: process2.value, headers: process2.headers))
        let text = String(decoding: signed.value ?? [], as: UTF8.self)
        poison.append(
            Poison(
                reason: .wrongDigest, value: Array(text.replacing(#""kind":"shell""#, with: #""kind":"shelf""#).utf8),
                headers: signed.headers))
        let dead = try await DeadTopic(of: topic, at: place)
        try await produce(poison, to: topic, partition: 0, at: place)
        expect(poison, in: await dead.records(poison.count), of: topic, "/agents/a1")

        for message in [.assign(assignment(fence())), .drain(instance: "i1"), .report(instance: nil)]
            as [ControllerMessage]
        {
            #expect(await controller.publish(message, to: inbox))
        }
        #expect(
            await agent.messages(3) == [
                .assign(assignment(fence())), .drain(instance: "i1"), .report(instance: nil),
            ])
        #expect(home.link.recordCounts.faulty == 0, "the controller reads no inboxes")
        await dead.close()
        await process.end()
        await home.end()
    }

    @Test
    func `of agents that share an inbox the one it names sets a record aside`() async throws {
        let place = try Place(.embedded)
        let home = Process(place)
        let controller = home.controller()
        await controller.untilUp()
        let verifier = MessageVerifier(keys: [SigningKey().publicKey])
        let (one, two) = (Process(place), Process(place))
        let agents = [
            one.agent("a1", instance: "i1", verifier: verifier, partition: 0),
            // In one process, where it counts once.
            two.agent("a2", instance: "i2", verifier: verifier, partition: 0),
            two.agent("a3", instance: "i3", verifier: verifier, partition: 0),
        ]
        for agent in agents { _ = await agent.ready() }
        let topic = place.topics.inbox("shell")
        let forTwo = Self.good(.controller(.drain(instance: "i2")))
        let version2 = forTwo.headers.map { header in
            header.name == "ce_type" ? KafkaHeader(header.name, "dev.martlet.agent.drain.v2") : header
        }
        let dead = try await DeadTopic(of: topic, at: place)
        try await produce(
            [
                Poison(reason: .unsigned, value: forTwo.value, headers: forTwo.headers),
                Poison(reason: .unknownVersion, value: forTwo.value, headers: version2),
                Poison(reason: .missingHeader, value: [0], headers: []),
            ], to: topic, partition: 0, at: place)
        let records = await dead.records(4)
        let owned = records.filter { $0.text("martlet_offset") != "2" }
        #expect(owned.map { $0.text("martlet_reader") } == ["/agents/a2", "/agents/a2"])
        let ownerless = records.filter { $0.text("martlet_offset") == "2" }
        #expect(ownerless.count == 2, "once a process that reads the partition")
        #expect(Set(ownerless.map(\.key)).count == 1, "under one key")
        #expect(one.link.recordCounts.faulty == 1)
        #expect(two.link.recordCounts.faulty == 3)
        await dead.close()
        await one.end()
        await two.end()
        await home.end()
    }

    @Test
    func `agents of the controller's own process obey it alone, without any keys`() async throws {
        let place = try Place(.embedded)
        let secret = ProcessSecret()
        let process = Process(place)
        let controller = process.controller(signer: MessageSigner(secret))
        let agent = process.agent("a1", verifier: MessageVerifier(secret), partition: 0)
        await controller.untilUp()
        let inbox = await agent.ready()
        // Somebody else on this machine, who has read the instance's name from a presence.
        let stranger = Process(place, place.configuration { $0.ownBroker = nil })
        let intruder = stranger.controller()
        await intruder.untilUp()
        #expect(await intruder.publish(.assign(assignment(fence("evil"))), to: inbox))
        #expect(await controller.publish(.assign(assignment(fence())), to: inbox))
        #expect(await agent.messages(1) == [.assign(assignment(fence()))])
        #expect(process.link.recordCounts.faults.map(\.reason) == ["Unsigned"])
        await stranger.end()
        await process.end()
    }

    @Test
    func `a flood is counted, and holds up nothing`() async throws {
        let place = try Place(.embedded)
        let process = Process(place)
        let controller = process.controller()
        let agent = process.agent("a1")
        await controller.untilUp()
        _ = await agent.ready()
        let flood = [Poison](repeating: Poison(reason: .missingHeader, value: [0], headers: []), count: 300)
        try await produce(flood, to: place.topics.results, partition: 0, at: place)
        agent.send(.progress(message: "on"), fence())
        #expect(await controller.reports(1).count == 1)
        await controller.catchUp(1)
        let counts = process.link.recordCounts
        #expect(counts.faulty == 300)
        // As many more as there were tenths of a second.
        #expect((1...300 - DeadLetters.burst).contains(counts.leftOut))
        let dead = try await DeadTopic(of: place.topics.results, at: place)
        #expect(await dead.records(DeadLetters.burst).count >= DeadLetters.burst)
        await dead.close()
        await process.end()
    }
}

@Suite
struct DeadLetterStateTests {
    private let configuration = Place.configuration(topics: Topics())

    private func record(_ offset: Int64, topic: String = "agent.results") -> KafkaRecord {
        KafkaRecord(topic: topic, partition: 0, offset: offset, value: [1])
    }

    @Test
    func `a record is set aside once, and what comes too fast is counted`() {
        let letters = DeadLetters(configuration)
        for _ in 0..<3 { letters.setAside(record(5), Fault(.wrongDigest), reader: "/x") }
        #expect(letters.counts.faulty == 1)
        letters.forgetOffsets()
        letters.setAside(record(5), Fault(.wrongDigest), reader: "/x")
        #expect(letters.counts.faulty == 2, "another broker's")
        letters.setAside(record(4), Fault(.wrongDigest), reader: "/y")
        #expect(letters.counts.faulty == 3, "of a batch each listener sets aside what is its own, one after the other")
        for offset in 6..<1006 { letters.setAside(record(Int64(offset)), Fault(.wrongDigest), reader: "/x") }
        #expect(letters.counts.faulty == 1003)
        #expect(letters.counts.leftOut >= 1003 - 2 * DeadLetters.burst, "nothing is sent here, so the list is full")
        #expect(letters.counts.faults.map(\.reason) == ["WrongDigest"])
    }

    @Test
    func `nothing of a dead topic is set aside again`() {
        let letters = DeadLetters(configuration)
        letters.setAside(record(0, topic: "agent.results.dead"), Fault(.wrongDigest), reader: "/x")
        #expect(letters.counts.leftOut == 1)
    }

    @Test
    func `an allowance gives so many at once, and then so many a second`() {
        let start = ContinuousClock.now
        var allowance = Allowance(burst: 3, perSecond: 2, now: start)
        func taken(_ count: Int, after: Duration) -> Int {
            (0..<count).count { _ in allowance.take(at: start + after) }
        }
        #expect(taken(5, after: .zero) == 3)
        #expect(taken(5, after: .milliseconds(400)) == 0)
        #expect(taken(5, after: .milliseconds(500)) == 1)
        #expect(taken(5, after: .seconds(1)) == 1)
        #expect(taken(9, after: .seconds(60)) == 3, "no more than at the beginning")
    }

    @Test
    func `a letter says what was left out before it, and believes no header of ours in the record`() {
        var record = record(7)
        record.headers = [KafkaHeader("martlet_reason", "Fine"), KafkaHeader("ce_id", "1")]
        record.headers += (0..<100).map { KafkaHeader("x\($0)", [UInt8](repeating: 1, count: 1024)) }
        let letter = DeadLetter(
            record: record, fault: Fault(.wrongDigest), reader: "/x", time: "t", installation: "here", leftOut: 3)
        let message = letter.message(topic: "agent.results.dead")
        #expect(message.headers.filter { $0.name == "martlet_reason" }.map(\.value) == [Array("WrongDigest".utf8)])
        #expect(message.headers.contains(KafkaHeader("martlet_left_out", "3")))
        #expect(message.headers.contains(KafkaHeader("ce_id", "1")))
        #expect(message.headers.reduce(0) { $0 + $1.value.count } < DeadLetter.headerBytes + 1024)
        #expect(message.key == Array("agent.results/0/7".utf8))
    }

    @Test
    func `dead topics have one partition and are kept as long as results`() {
        let topics = Topics(prefix: "p.")
        let spec = TopicPlan().spec(for: topics.dead(topics.inbox("build")), of: topics)
        #expect(topics.dead(topics.results) == "p.agent.results.dead")
        #expect(spec.partitions == 1)
        #expect(spec.configuration == TopicPlan().spec(for: topics.results, of: topics).configuration)
        #expect(topics.kind(ofInbox: "p.agent.build.dead") == nil)
    }
}
