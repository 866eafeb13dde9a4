import Agent
import AgentProtocol
import Controller
import Kafka
import Model
import Synchronization
import Testing

@testable import KafkaTransport

@Suite(.timeLimit(.minutes(1)), .serialized)
struct OutageTests {
    @Test
    func `a broker that is down for a while loses nothing`() async throws {
        let place = try Place(.embedded)
        let broker = try #require(place.broker)
        let process = Process(place)
        let controller = process.controller()
        let agent = process.agent("a1")
        await controller.untilUp()
        let inbox = await agent.ready()
        agent.send(.progress(message: "before"), fence())
        _ = await controller.reports(1)

        try await broker.setDown()
        for number in 1...50 { agent.send(.progress(message: "\(number)"), fence()) }
        controller.channel.catchUp(token: 7)
        #expect(await agent.announce(agent.presence(inbox: inbox)) == false, "a heartbeat is worth nothing after 3 s")
        await agent.log.wait { $0.contains(.unreachable) }
        await controller.log.wait { $0.last == .link(isUp: false) }
        #expect(!controller.log.events.contains(.caughtUp(token: 7)))
        let count = controller.log.events.count

        try await broker.setUp()
        let reports = await controller.reports(51)
        #expect(reports.map(\.event) == (["before"] + (1...50).map { "\($0)" }).map { .progress(message: $0) })
        await controller.log.wait { $0.contains(.caughtUp(token: 7)) }
        #expect(controller.log.events[count] == .link(isUp: true))
        await agent.answers.wait { $0.count == 51 && $0.allSatisfy { $0 } }
        #expect(await controller.publish(.drain(instance: "i1"), to: inbox))
        #expect(await agent.messages(1) == [.drain(instance: "i1")])
        await process.end()
    }

    @Test
    func `a new broker address brings a new ready, and unacknowledged reports back`() async throws {
        let first = try Place(.embedded)
        let second = try EmbeddedBroker()
        let (addresses, address) = AsyncStream<BrokerAddress>.makeStream()
        let process = Process(
            KafkaLink(first.configuration { $0.ownBroker = nil }, addresses: addresses))
        let agent = process.agent("a1")
        agent.send(.progress(message: "kept until there is a broker"), fence())
        address.yield(first.address)
        _ = await agent.ready()
        await agent.answers.wait { $0 == [true] }

        await first.broker?.close()
        agent.send(.progress(message: "nobody takes this"), fence())
        agent.send(.progress(message: "nor this"), fence())
        agent.channel.log(chunk(0, "but output is kept\n"))
        address.yield(.embedded(second.bootstrapServers))
        await agent.answers.wait { $0 == [true, false, false] }
        let inbox = await agent.ready(2)

        let home = Process(
            KafkaLink(
                first.configuration { $0.ownBroker = second }, address: .embedded(second.bootstrapServers)))
        let controller = home.controller()
        let store = ChunkStore()
        home.start { await KafkaLogReader(link: home.link, store: store).run() }
        await controller.untilUp()
        agent.send(.progress(message: "again"), fence())
        #expect(await controller.reports(1).map(\.event) == [.progress(message: "again")])
        #expect(await controller.publish(.drain(instance: "i1"), to: inbox))
        #expect(await agent.messages(1) == [.drain(instance: "i1")])
        await store.log.wait { $0.map(\.text) == ["but output is kept\n"] }
        await process.end()
        await home.end()
        await second.close()
    }

    @Test(arguments: Place.Broker.available)
    func `after a fatal producer error reports go out again in their order`(_ kind: Place.Broker) async throws {
        let place = try Place(kind)
        let process = Process(place)
        let controller = process.controller()
        let agent = process.agent("a1")
        await controller.untilUp()
        _ = await agent.ready()
        for number in 0..<100 {
            if number == 50 { try process.link.outlet.provokeFatalError() }
            agent.send(.progress(message: "\(number)"), fence())
        }
        await agent.answers.wait { $0.count == 100 && $0.allSatisfy { $0 } }
        await controller.catchUp(1)
        var seen: [AgentReport.Event] = []
        for report in controller.reports where !seen.contains(report.event) { seen.append(report.event) }
        #expect(seen == (0..<100).map { .progress(message: "\($0)") })
        await process.end()
    }

    @Test
    func `reports beyond the bound are given back, and memory is freed by acknowledgements`() async throws {
        let place = try Place(.embedded)
        let (addresses, address) = AsyncStream<BrokerAddress>.makeStream()
        let process = Process(
            KafkaLink(place.configuration { $0.reportBytes = 1500 }, addresses: addresses))
        let agent = process.agent("a1")
        for number in 0..<5 { agent.send(.progress(message: "\(number)"), fence()) }
        await agent.answers.wait { $0 == [false, false, false] }
        address.yield(place.address)
        await agent.answers.wait { $0 == [false, false, false, true, true] }
        #expect(process.link.outlet.keptBytes == 0)
        await process.end()
    }

    @Test
    func `settings that librdkafka refuses end the link with a reason`() async throws {
        let place = try Place(.embedded)
        var address = place.address
        address.settings["compression.typo"] = "x"
        let link = KafkaLink(place.configuration(), address: address)
        // It doesn't wait for those who use it: they end once they hear of it.
        let side = ControllerSide(link: link, kinds: ["shell"], signer: nil)
        let serving = Task { await side.channel.run() }
        let error = await #expect(throws: KafkaError.self) { try await link.run() }
        serving.cancel()
        await serving.value
        #expect(error?.subject == .property("compression.typo"))
    }
}
