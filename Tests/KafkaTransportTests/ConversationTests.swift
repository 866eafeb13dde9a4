import Agent
import AgentProtocol
import Controller
import Kafka
import Model
import Testing

@testable import KafkaTransport

@Suite(.timeLimit(.minutes(1)), .serialized)
struct ConversationTests {
    @Test(arguments: Place.Broker.available)
    func `both sides talk, each in order`(_ kind: Place.Broker) async throws {
        let place = try Place(kind)
        let process = Process(place)
        let controller = process.controller()
        let agent = process.agent("a1")
        await controller.untilUp()
        let inbox = await agent.ready()

        #expect(await agent.announce(agent.presence(inbox: inbox)))
        await controller.log.wait { $0.contains(.presence(agent.presence(inbox: inbox))) }

        let assignment = assignment(fence())
        var stop = Stop(fence: fence(), instance: "i1", digest: "d", reason: "enough")
        stop.graceSeconds = 3
        #expect(await controller.publish(.assign(assignment), to: inbox))
        #expect(await controller.publish(.assign(assignment), to: inbox), "a repeat is a message like any other")
        #expect(await controller.publish(.drain(instance: "another"), to: inbox))
        #expect(await controller.publish(.stop(stop), to: inbox))
        #expect(await controller.publish(.report(instance: nil), to: inbox))
        #expect(
            await agent.messages(4) == [.assign(assignment), .assign(assignment), .stop(stop), .report(instance: nil)])

        let time = Timestamp(seconds: 1_800_000_000)
        agent.send(.claimed(at: time), fence())
        agent.send(.finished(StageOutcome(.succeeded)), fence())
        agent.send(.finished(StageOutcome(.succeeded)), fence())
        let reports = await controller.reports(3)
        #expect(
            reports.map(\.event) == [
                .claimed(at: time), .finished(StageOutcome(.succeeded)), .finished(StageOutcome(.succeeded)),
            ])
        await agent.answers.wait { $0 == [true, true, true] }
        let positions = controller.log.events.compactMap {
            if case .report(_, let position) = $0 { position.offset } else { nil }
        }
        #expect(positions == [0, 1, 2])
        #expect(controller.log.events.first == .link(isUp: true))
        await process.end()
    }

    @Test(arguments: Place.Broker.available)
    func `another installation's messages are ignored, and its results passed over`(
        _ kind: Place.Broker
    ) async throws {
        let place = try Place(kind)
        let here = Process(place)
        let there = Process(place, place.configuration(installation: "there"))
        let controller = here.controller()
        await controller.untilUp()
        let stranger = there.agent("a1", partition: 1)
        let agent = here.agent("a1", partition: 1)
        let inbox = await agent.ready()
        _ = await stranger.ready()

        #expect(await stranger.announce(stranger.presence()))
        stranger.send(.progress(message: "no"), fence())
        await stranger.answers.wait { $0 == [true] }
        #expect(await controller.publish(.drain(instance: "i1"), to: inbox))
        #expect(await agent.messages(1) == [.drain(instance: "i1")])
        await controller.catchUp(1)

        let events = controller.log.events.filter { $0 != .link(isUp: true) }
        #expect(events.count == 2)
        guard case .skipped(let position) = events.first else {
            Issue.record("no result was passed over, but \(events)")
            return
        }
        #expect(position.offset == 0)
        #expect(AgentSide.messages(stranger.log.events).isEmpty)
        #expect(here.link.recordCounts.foreign == 2)
        await here.end()
        await there.end()
    }

    @Test(arguments: Place.Broker.available)
    func `an agent that joins late sees nothing of before`(_ kind: Place.Broker) async throws {
        let place = try Place(kind)
        let process = Process(place)
        let controller = process.controller()
        let early = process.agent("early", instance: "i0", partition: 2)
        await controller.untilUp()
        let inbox = await early.ready()
        for attempt in 1...20 {
            #expect(await controller.publish(.assign(assignment(fence("r", attempt))), to: inbox))
        }
        let late = process.agent("late", partition: 2)
        #expect(await late.ready() == inbox)
        #expect(await controller.publish(.drain(instance: "i1"), to: inbox))
        #expect(await late.messages(1) == [.drain(instance: "i1")])
        await process.end()
    }

    @Test(arguments: Place.Broker.available)
    func `two agents share a partition, and each gets its own`(_ kind: Place.Broker) async throws {
        let place = try Place(kind)
        let process = Process(place)
        let controller = process.controller()
        let one = process.agent("one", instance: "i1", partition: 0)
        let two = process.agent("two", instance: "i2", partition: 0)
        await controller.untilUp()
        let inbox = await one.ready()
        #expect(await two.ready() == inbox)
        #expect(await controller.publish(.drain(instance: "i1"), to: inbox))
        #expect(await controller.publish(.drain(instance: "i2"), to: inbox))
        #expect(await controller.publish(.report(instance: nil), to: inbox))
        #expect(await one.messages(2) == [.drain(instance: "i1"), .report(instance: nil)])
        #expect(await two.messages(2) == [.drain(instance: "i2"), .report(instance: nil)])
        await process.end()
    }

    @Test(arguments: Place.Broker.available)
    func `a call for reports reaches the agents of every kind`(_ kind: Place.Broker) async throws {
        let place = try Place(kind)
        let process = Process(place)
        let controller = process.controller(kinds: ["build"])
        let agents = [
            process.agent("a", kinds: ["build"], partition: 3), process.agent("b", kinds: ["odd"], partition: 1),
        ]
        await controller.untilUp()
        for agent in agents { _ = await agent.ready() }
        controller.channel.publishReportToAll()
        for agent in agents { #expect(await agent.messages(1) == [.report(instance: nil)]) }
        await process.end()
    }

    @Test
    func `an agent in another process has a topic made for its kind`() async throws {
        let place = try Place(.embedded)
        let process = Process(place)
        let controller = process.controller()
        await controller.untilUp()
        let other = Process(place, place.configuration { $0.ownBroker = nil })
        let agent = other.agent("a", kinds: ["unheard-of"])
        let inbox = await agent.ready()
        #expect(await controller.publish(.drain(instance: "i1"), to: inbox))
        #expect(await agent.messages(1) == [.drain(instance: "i1")])
        await other.end()
        await process.end()
    }

    @Test(arguments: Place.Broker.available)
    func `records that are no messages are left out, on every topic`(_ kind: Place.Broker) async throws {
        let place = try Place(kind)
        let process = Process(place)
        let controller = process.controller()
        let agent = process.agent("a1", partition: 0)
        let store = ChunkStore()
        process.start { await KafkaLogReader(link: process.link, store: store).run() }
        await controller.untilUp()
        let inbox = await agent.ready()

        let producer = try KafkaProducer(place.address.settings)
        let ours = KafkaHeader("ce_installation", "here")
        let good = MessageStamp(source: "/x", installation: "here")
            .record(.controller(.drain(instance: "i1")), topic: "").headers
        let topics = [place.topics.inbox("shell"), place.topics.results, place.topics.presence, place.topics.logs]
        for topic in topics {
            for garbage in [
                KafkaMessage(topic: topic, partition: 0, value: nil),
                KafkaMessage(topic: topic, partition: 0, value: [0xFF, 0, 7]),
                KafkaMessage(topic: topic, partition: 0, value: Array("{}".utf8), headers: [ours]),
                KafkaMessage(topic: topic, partition: 0, value: Array("{".utf8), headers: good),
                KafkaMessage(topic: topic, partition: 0, value: Array("[1]".utf8), headers: good),
                // Readable, but in the wrong place.
                KafkaMessage(topic: topic, partition: 0, value: Array(#"{"instance":"i7"}"#.utf8), headers: good),
            ] { _ = try await producer.send(garbage) }
        }
        await producer.close()

        #expect(await controller.publish(.drain(instance: "i1"), to: inbox))
        #expect(await agent.messages(1) == [.drain(instance: "i1")])
        #expect(await agent.announce(agent.presence(inbox: inbox)))
        agent.send(.progress(message: "on"), fence())
        agent.channel.log(chunk(0, "line\n"))
        await controller.log.wait { $0.contains(.presence(agent.presence(inbox: inbox))) }
        #expect(await controller.reports(1).map(\.event) == [.progress(message: "on")])
        await store.log.wait { $0.map(\.text) == ["line\n"] }
        await controller.catchUp(1)
        let skipped = controller.log.events.filter { if case .skipped = $0 { true } else { false } }
        #expect(skipped.count == 6)
        #expect(process.link.recordCounts.faulty == 6 * topics.count - 1, "an inbox is where the last one belongs")
        await process.end()
    }
}
