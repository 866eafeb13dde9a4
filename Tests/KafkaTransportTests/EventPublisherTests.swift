import AgentProtocol
import Controller
import Kafka
import Model
import PrometheusMetrics
import Telemetry
import Testing

@testable import KafkaTransport

@Suite(.timeLimit(.minutes(1)), .serialized)
struct EventPublisherTests {
    private func event(_ id: String) -> CloudEvent {
        CloudEvent(
            id: id, source: "/martlet/here", type: "dev.cdevents.pipelinerun.queued.0.2.0", subject: "u1",
            time: Timestamp(seconds: 1_800_000_000), data: Array(#"{"id":"\#(id)"}"#.utf8))
    }

    /// What is on the topic, once there is that much.
    private func read(_ count: Int, at place: Place) async throws -> [KafkaRecord] {
        let log = EventLog<KafkaRecord>()
        let consumer = try KafkaConsumer(place.address.settings.overridden(by: ["fetch.wait.max.ms": "10"])) {
            log.add($0)
        }
        try await consumer.assign((0..<4).map { KafkaStart(place.topics.events, Int32($0), .beginning) })
        let records = await log.value { $0.count >= count ? $0 : nil }
        await consumer.close()
        return records
    }

    @Test(arguments: Place.Broker.available)
    func `events arrive on a topic of their own, in the order of their key, as CloudEvents`(
        _ kind: Place.Broker
    ) async throws {
        let place = try Place(kind)
        let process = Process(place, place.configuration { $0.publishesEvents = true })
        let controller = process.controller()
        await controller.untilUp()
        let publisher = KafkaEventPublisher(link: process.link)
        for id in ["a", "b", "c"] { #expect(await publisher.publish(event(id), key: "u1")) }
        let records = try await read(3, at: place)
        #expect(records.map { $0.text("ce_id") } == ["a", "b", "c"])
        #expect(Set(records.map(\.partition)).count == 1)
        let first = try #require(records.first)
        #expect(first.key == Array("u1".utf8) && first.value == Array(#"{"id":"a"}"#.utf8))
        #expect(
            ["specversion", "source", "type", "subject", "time", "installation"].map { first.text("ce_\($0)") } == [
                "1.0", "/martlet/here", "dev.cdevents.pipelinerun.queued.0.2.0", "u1", "2027-01-15T08:00:00Z", "here",
            ])
        #expect(first.text("content-type") == "application/json")
        #expect(publisher.lost == 0)
        await process.end()
    }

    @Test
    func `what is announced of a run comes out at the other end`() async throws {
        let place = try Place(.embedded)
        let process = Process(place, place.configuration { $0.publishesEvents = true })
        let controller = process.controller()
        await controller.untilUp()
        let announcer = EventAnnouncer(
            installation: "here", publisher: KafkaEventPublisher(link: process.link))
        process.start { await announcer.run() }
        let run = PipelineRun(metadata: Metadata(name: "r", uid: "u1"), spec: PipelineRunSpec())
        announcer.followed(.run(run))
        let record = try #require(try await read(1, at: place).first)
        #expect(record.text("ce_type") == "dev.cdevents.pipelinerun.queued.0.2.0")
        #expect(record.key == Array("u1".utf8))
        await process.end()
    }

    @Test
    func `events wait through an outage, and come in their order`() async throws {
        let place = try Place(.embedded)
        let broker = try #require(place.broker)
        let process = Process(place, place.configuration { $0.publishesEvents = true })
        let controller = process.controller()
        await controller.untilUp()
        let publisher = KafkaEventPublisher(link: process.link)
        #expect(await publisher.publish(event("0"), key: "u1"))
        _ = try await read(1, at: place)
        try await broker.setDown()
        for number in 1...25 { #expect(await publisher.publish(event("\(number)"), key: "u1")) }
        await controller.log.wait { $0.last == .link(isUp: false) }
        for number in 26...50 { #expect(await publisher.publish(event("\(number)"), key: "u1")) }
        try await broker.setUp()
        let records = try await read(51, at: place)
        #expect(records.map { $0.text("ce_id") } == (0...50).map { "\($0)" })
        #expect(publisher.lost == 0)
        await process.end()
    }

    @Test
    func `events wait for a broker, as far as there is room, and are counted when it never comes`() async throws {
        let place = try Place(.embedded)
        let link = KafkaLink(place.configuration(), addresses: AsyncStream { _ in })
        let process = Process(link)
        let publisher = KafkaEventPublisher(link: link, limit: 2500)
        #expect(await publisher.publish(event("a"), key: "u1"))
        #expect(await publisher.publish(event("b"), key: "u1"))
        #expect(await publisher.publish(event("c"), key: "u1") == false)
        #expect(link.figures().producers.first?.keptBytes ?? 0 > 0)
        await process.end()
        #expect(publisher.lost == 2)
        #expect(link.figures().producers.first?.keptBytes == 0)
    }

    @Test
    func `the link's figures tell deliveries, lag and what came of records`() async throws {
        let place = try Place(.embedded)
        let process = Process(place)
        let controller = process.controller()
        await controller.untilUp()
        let agent = process.agent("a1")
        let inbox = await agent.ready()
        #expect(await controller.publish(.drain(instance: "i1"), to: inbox))
        #expect(await agent.announce(agent.presence(inbox: inbox)))
        agent.send(.progress(message: "on"), fence())
        _ = await controller.reports(1)
        await agent.answers.wait { $0 == [true] }
        let figures = process.link.figures(of: controller.channel)
        #expect(figures.isUp == true && figures.faults.isEmpty && figures.foreign == 0)
        let messages = try #require(figures.producers.first { $0.name == "messages" })
        #expect(messages.errors == 0 && messages.deliveries.buckets.reduce(0, +) == 3 && messages.deliveries.sum > 0)
        #expect(figures.producers.map(\.name) == ["messages", "logs"])
        await process.end()
    }
}
