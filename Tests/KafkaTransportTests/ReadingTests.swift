import AgentProtocol
import Controller
import Kafka
import Model
import Synchronization
import Testing

@testable import KafkaTransport

@Suite(.timeLimit(.minutes(1)), .serialized)
struct ReadingTests {
    @Test(arguments: Place.Broker.available)
    func `catching up means that all that was acknowledged before has come`(_ kind: Place.Broker) async throws {
        let place = try Place(kind)
        let home = Process(place)
        let controller = home.controller()
        await controller.untilUp()
        let process = Process(place)
        let agent = process.agent("a1")
        _ = await agent.ready()
        await controller.catchUp(0)
        for round in 1...20 {
            for run in 0..<10 { agent.send(.progress(message: "\(round)"), fence("r\(run)")) }
            await agent.answers.wait { $0.count == round * 10 }
            controller.channel.catchUp(token: round)
            await controller.log.wait { $0.contains(.caughtUp(token: round)) }
            let before = controller.log.events.prefix { $0 != .caughtUp(token: round) }
            #expect(ControllerSide.reports(Array(before)).count >= round * 10)
        }
        await process.end()
        await home.end()
    }

    @Test(arguments: Place.Broker.available)
    func `after a restart reading goes on at the committed positions`(_ kind: Place.Broker) async throws {
        let place = try Place(kind)
        let process = Process(place)
        let agent = process.agent("a1")
        _ = await agent.ready()
        for number in 0..<6 { agent.send(.progress(message: "\(number)"), fence()) }
        await agent.answers.wait { $0.count == 6 }

        let first = Process(place)
        let controller = first.controller()
        #expect(await controller.reports(6).count == 6, "without a commit, from the earliest on")
        let positions = controller.log.events.compactMap {
            if case .report(_, let position) = $0 { position } else { nil }
        }
        controller.channel.commit([ResultsPosition(partition: positions[0].partition, offset: 2)])
        controller.channel.commit([ResultsPosition(partition: positions[0].partition, offset: 4)])
        // Ends at once, so the commit is the one at the end.
        await first.end()

        let second = Process(place)
        let successor = second.controller()
        let reports = await successor.reports(2)
        #expect(reports.map(\.event) == [.progress(message: "4"), .progress(message: "5")])
        await second.end()
        await process.end()
    }

    /// Every change takes the partitions from one consumer and gives them to another one.
    @Test
    func `nothing is lost or repeated while reading changes between quick and slow`() async throws {
        let place = try Place(.embedded)
        let process = Process(place, place.configuration { $0.linger = .zero })
        let controller = process.controller()
        let agent = process.agent("a1")
        await controller.untilUp()
        let inbox = await agent.ready()
        let count = 3000
        let changes = EventLog<Bool>()
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                for number in 0..<count {
                    // However fast it goes, reading changes over in the middle of it.
                    if number.isMultiple(of: 300) { await changes.wait { $0.count >= number / 300 } }
                    agent.send(.progress(message: "\(number)"), fence("r\(number % 7)"))
                    if number.isMultiple(of: 5) {
                        _ = await controller.publish(.stop(stop(number)), to: inbox)
                    }
                }
            }
            group.addTask {
                var isExpected = false
                while controller.reports.count < count {
                    controller.channel.expectTraffic(isExpected)
                    // The change itself, after which its opposite is asked for.
                    await process.link.settle()
                    changes.add(isExpected)
                    isExpected.toggle()
                    await controller.catchUp(1_000_000 + changes.events.count)
                }
            }
        }
        controller.channel.expectTraffic(true)
        await controller.catchUp(1)
        let reports = controller.reports
        #expect(reports.count == count)
        for run in 0..<7 {
            let numbers = reports.filter { $0.fence.run == "r\(run)" }.map(\.event)
            #expect(
                numbers == stride(from: run, to: count, by: 7).map { AgentReport.Event.progress(message: "\($0)") })
        }
        let stops = await agent.messages(count / 5)
        #expect(stops == stride(from: 0, to: count, by: 5).map { .stop(stop($0)) })
        #expect(changes.events.count >= 9)
        await process.end()
    }

    @Test
    func `reading turns slow after a while without traffic, and quick again when some is expected`() async throws {
        let place = try Place(.embedded)
        let process = Process(place, place.configuration { $0.linger = .zero })
        let controller = process.controller()
        await controller.untilUp()
        controller.channel.expectTraffic(true)
        await process.link.settle()
        #expect(process.link.state.withLock { $0.pace.isQuick })
        controller.channel.expectTraffic(false)
        await process.link.settle()
        #expect(!process.link.state.withLock { $0.pace.isQuick })
        controller.channel.expectTraffic(true)
        await process.link.settle()
        #expect(process.link.state.withLock { $0.pace.isQuick })
        await process.end()
    }

    @Test(arguments: Place.Broker.available)
    func `output is stored once, over a restart too, and holds up no result`(_ kind: Place.Broker) async throws {
        let place = try Place(kind)
        let process = Process(place)
        let controller = process.controller()
        let held = ChunkStore(isHeld: true)
        process.start { await KafkaLogReader(link: process.link, store: held).run() }
        await controller.untilUp()
        let other = Process(place)
        let agent = other.agent("a1")
        _ = await agent.ready()
        for number in 0..<200 { agent.channel.log(chunk(number, "line \(number)\n")) }
        agent.send(.progress(message: "past all output"), fence())
        #expect(await controller.reports(1).count == 1)
        #expect(held.log.events.isEmpty)
        held.release()
        await held.log.wait { $0.map(\.number) == Array(0..<200) }
        await process.end()

        for number in 200..<210 { agent.channel.log(chunk(number, "line \(number)\n")) }
        let next = Process(place)
        let store = ChunkStore()
        next.start { await KafkaLogReader(link: next.link, store: store).run() }
        await store.log.wait { $0.map(\.number) == Array(200..<210) }
        await next.end()
        await other.end()
    }

    @Test
    func `where memory runs short output is left out, with a mark`() async throws {
        let place = try Place(.embedded)
        let (addresses, address) = AsyncStream<BrokerAddress>.makeStream()
        let process = Process(KafkaLink(place.configuration { $0.logBytes = 4000 }, addresses: addresses))
        let agent = process.agent("a1")
        for number in 0..<40 { agent.channel.log(chunk(number, "one\ntwo\n")) }
        #expect((1...4000).contains(agent.channel.waitingLogBytes))
        address.yield(place.address)
        let store = ChunkStore()
        process.start { await KafkaLogReader(link: process.link, store: store).run() }
        await store.log.wait { !$0.isEmpty }
        // Gets through with its text or, if there is still no room, without it.
        var end = chunk(40, "end\n")
        end.isLast = true
        agent.channel.log(end)
        let last = await store.log.value { $0.first { $0.number == 40 } }
        let stored = store.log.events.count { $0.number < 40 }
        #expect((1..<40).contains(stored))
        #expect(last.isLast)
        #expect(last.dropped == 2 * (40 - stored) + (last.text.isEmpty ? 1 : 0))
        await process.end()
    }
}

private func stop(_ number: Int) -> Stop {
    Stop(fence: fence("r", number + 1), instance: "i1", digest: "d", reason: "")
}

extension KafkaLink {
    /// Changes the pace if it is due, and waits until that is done.
    fileprivate func settle() async {
        put(.setPace)
        // Served after it, by the same serial loop; there is no such user.
        await withCheckedContinuation { continuation in
            put(.unsubscribe(user: -1, reply: { continuation.resume() }))
        }
    }
}
