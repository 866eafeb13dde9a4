import AgentProtocol
import Kafka
import Model
import Testing

@testable import KafkaTransport

@Suite
struct StateTests {
    private static let here = KafkaPartition("t", 0)
    private static let there = KafkaPartition("t", 1)

    @Test
    func `a partition is read once for all its listeners, until the last has gone`() {
        var routes = Routes()
        #expect(routes.add(1, [KafkaStart(Self.here, .at(5))]) == [KafkaStart(Self.here, .at(5))])
        #expect(routes.add(2, [KafkaStart(Self.here, .at(9))]) == [])
        #expect(routes.listeners(of: Self.here).map(\.from) == [5, 9])
        #expect(routes.remove(1) == [])
        #expect(routes.remove(2) == [Self.here])
        #expect(routes.listeners(of: Self.here).isEmpty)
    }

    @Test
    func `the lag is what has been written and not dispatched, where that is known`() {
        var routes = Routes()
        _ = routes.add(1, [KafkaStart(Self.here, .at(5)), KafkaStart(Self.there, .beginning)])
        #expect(routes.lag(to: [KafkaOffset(Self.here, 9), KafkaOffset(Self.there, 7)]) == 4)
        _ = routes.advance(Self.here, to: 10)
        _ = routes.advance(Self.there, to: 2)
        #expect(routes.lag(to: [KafkaOffset(Self.here, 9), KafkaOffset(Self.there, 7)]) == 5)
    }

    @Test
    func `a consumer that takes over begins where dispatching has got to`() {
        var routes = Routes()
        _ = routes.add(1, [KafkaStart(Self.here, .at(5)), KafkaStart(Self.there, .beginning)])
        #expect(routes.starts == [KafkaStart(Self.here, .at(5)), KafkaStart(Self.there, .beginning)])
        _ = routes.advance(Self.here, to: 8)
        _ = routes.advance(Self.there, to: 2)
        #expect(routes.starts == [KafkaStart(Self.here, .at(8)), KafkaStart(Self.there, .at(2))])
    }

    @Test
    func `after a log has begun anew its listeners get all of it`() {
        var routes = Routes()
        _ = routes.add(1, [KafkaStart(Self.here, .at(5))])
        _ = routes.advance(Self.here, to: 9)
        routes.restart(Self.here, at: 0)
        #expect(routes.listeners(of: Self.here) == [Routes.Listener(user: 1, from: nil)])
        #expect(routes.starts == [KafkaStart(Self.here, .at(0))])
        let reached = routes.mark([KafkaOffset(Self.here, 2)], for: 1) {}
        #expect(reached.isEmpty)
    }

    @Test
    func `a mark is reached when all its partitions are`() {
        var routes = Routes()
        _ = routes.add(1, [KafkaStart(Self.here, .at(5)), KafkaStart(Self.there, .beginning)])
        let ends = [KafkaOffset(Self.here, 5), KafkaOffset(Self.there, 3), KafkaOffset("t", 2, 0)]
        let atOnce = routes.mark(ends, for: 1) {}
        let early = routes.advance(Self.there, to: 2)
        let there = routes.advance(Self.there, to: 3)
        let again = routes.advance(Self.there, to: 4)
        let later = routes.mark(ends, for: 1) {}
        #expect([atOnce.count, early.count, there.count, again.count, later.count] == [0, 0, 1, 0, 1])
    }

    @Test
    func `reading is quick while anybody expects something, and for a while after`() {
        let start = ContinuousClock.now
        let linger = Duration.seconds(3)
        var pace = FetchPace(now: start)
        #expect(pace.wantsQuick(now: start + .seconds(2), linger: linger))
        #expect(!pace.wantsQuick(now: start + .seconds(3), linger: linger))
        pace.expect(true, by: 1, now: start)
        pace.expect(true, by: 2, now: start)
        pace.expect(false, by: 1, now: start)
        #expect(pace.wantsQuick(now: start + .seconds(60), linger: linger))
        pace.expect(false, by: 2, now: start + .seconds(60))
        pace.expect(false, by: 2, now: start + .seconds(62))
        #expect(pace.wantsQuick(now: start + .seconds(62), linger: linger))
        #expect(!pace.wantsQuick(now: start + .seconds(63), linger: linger))
    }

    @Test
    func `the link is down when no proof has come for a while, and said to be so once`() {
        let start = ContinuousClock.now
        var health = LinkHealth(now: start)
        let late = start + LinkHealth.limit + .milliseconds(1)
        let before = health.isUp
        let news = [
            health.looked(at: start + LinkHealth.limit), health.looked(at: late), health.looked(at: late),
            health.proven(at: late), health.proven(at: late), health.looked(at: late + .seconds(1)),
        ]
        #expect(before == nil)
        #expect(news == [false, true, false, true, false, false])
        #expect(health.isUp == true)
    }

    @Test
    func `events keep their order whoever delivers them`() async {
        let log = EventLog<Int>()
        let sink = EventSink<Int> { log.add($0) }
        let counter = Counter()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<500 {
                        sink.emit { events in events.append(counter.next()) }
                    }
                }
            }
        }
        await log.wait { $0.count == 4000 }
        #expect(log.events == Array(0..<4000))
    }

    @Test(arguments: [
        Message.controller(.assign(assignment(fence()))), .controller(.drain(instance: "i")),
        .controller(.stop(Stop(fence: fence(), instance: "i", digest: "d", reason: "r"))),
        .controller(.report(instance: nil)), .presence(Presence()), .log(LogChunk()),
        .report(report(.claimed(at: Timestamp(seconds: 1)))), .report(report(.declined(reason: "no"))),
        .report(report(.progress(message: "p"))), .report(report(.finished(StageOutcome(.failed)))),
    ])
    func `a record has the headers of its CloudEvent`(_ message: Message) throws {
        let stamp = MessageStamp(source: "/agents/a", installation: "here")
        let time = Timestamp(seconds: 1_800_000_000)
        let first = stamp.record(message, topic: "t", time: time)
        let second = stamp.record(message, topic: "t", time: time)
        let id = try #require(first.headers.first { $0.name == "ce_id" }?.value)
        #expect(second.headers.first { $0.name == "ce_id" }?.value != id)
        let envelope = Envelope(
            id: String(decoding: id, as: UTF8.self), source: "/agents/a", installation: "here", time: time,
            message: message)
        #expect(first.headers.map { Envelope.Header($0.name, $0.value) } == envelope.headers)
        #expect(first.value == envelope.value)
        #expect(first.key == message.key.map { Array($0.utf8) })
    }
}

private func report(_ event: AgentReport.Event) -> AgentReport {
    AgentReport(fence: fence(), agent: "a", instance: "i", digest: "d", event: event)
}
