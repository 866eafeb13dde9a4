import Controller
import Model
import Planning
import Synchronization
import Testing

@testable import Telemetry

@Suite
struct EventAnnouncerTests {
    /// Keeps what is published, as far as there is room.
    private final class Publisher: EventPublisher {
        private let taken = Mutex<[(key: String, event: CloudEvent)]>([])
        private let room: Int

        init(room: Int = .max) {
            self.room = room
        }

        func publish(_ event: CloudEvent, key: String) async -> Bool {
            taken.withLock { taken in
                guard taken.count < room else { return false }
                taken.append((key, event))
                return true
            }
        }

        var events: [String] {
            taken.withLock { $0 }.map { "\($0.key) \($0.event.type.dropFirst(13).dropLast(6))" }
        }
        var ids: [String] { taken.withLock { $0 }.map(\.event.id) }
    }

    private func announcer(_ publisher: Publisher, now: Timestamp = at(100)) -> EventAnnouncer {
        EventAnnouncer(installation: "here", publisher: publisher, now: { now })
    }

    /// Ended already, so that it publishes what waits and returns.
    private func publish(_ announcer: EventAnnouncer) async {
        let task = Task { await announcer.run() }
        task.cancel()
        await task.value
    }

    private let finished = run().started(1, stage("lint", .succeeded, attempt: 1, started: 2, ended: 3))
        .ended(3, Reason.succeeded, .true)

    @Test
    func `only what is stored is announced, in order and once`() async {
        let publisher = Publisher()
        let announcer = announcer(publisher)
        announcer.followed(.run(run()))
        let running = run().started(1, stage("lint", .running, attempt: 1, started: 2))
        announcer.observed(running, happenings: [], isStored: false)
        await publish(announcer)
        #expect(publisher.events == ["u1 pipelinerun.queued"])
        announcer.observed(running, happenings: [.runStarted], isStored: true)
        announcer.observed(finished, happenings: [], isStored: true)
        announcer.observed(finished, happenings: [], isStored: true)
        announcer.followed(.run(finished))
        await publish(announcer)
        #expect(
            publisher.events == [
                "u1 pipelinerun.queued", "u1 pipelinerun.started", "u1 taskrun.started", "u1 taskrun.finished",
                "u1 pipelinerun.finished",
            ])
    }

    @Test
    func `a new leader says it again under the same ids, and says nothing of what ended long ago`() async {
        let (first, second) = (Publisher(), Publisher())
        let one = announcer(first)
        one.followed(.run(run()))
        one.observed(finished, happenings: [], isStored: true)
        await publish(one)
        var long = finished
        long.metadata.uid = "u2"
        let another = announcer(second, now: at(3 + Int64(EventAnnouncer.retold)))
        another.followed(.listed(runs: [finished], pipelines: []))
        await publish(another)
        #expect(second.ids == first.ids && first.ids.count == 5)
        let late = announcer(second, now: at(4 + Int64(EventAnnouncer.retold)))
        late.followed(.listed(runs: [long], pipelines: []))
        await publish(late)
        #expect(second.ids.count == 5)
    }

    @Test
    func `after a break only what is new is announced`() async {
        let publisher = Publisher()
        let announcer = announcer(publisher)
        let running = run().started(1, stage("lint", .running, attempt: 1, started: 2))
        announcer.followed(.listed(runs: [running], pipelines: []))
        announcer.followed(.listed(runs: [running, run(uid: "u2")], pipelines: []))
        announcer.followed(.listed(runs: [finished], pipelines: []))
        announcer.followed(.listed(runs: [finished], pipelines: []))
        await publish(announcer)
        #expect(
            publisher.events == [
                "u1 pipelinerun.queued", "u1 pipelinerun.started", "u1 taskrun.started", "u2 pipelinerun.queued",
                "u1 taskrun.finished", "u1 pipelinerun.finished",
            ])
    }

    @Test
    func `an ended run that runs again goes on where it was`() async {
        let publisher = Publisher()
        let announcer = announcer(publisher)
        announcer.observed(finished, happenings: [], isStored: true)
        announcer.observed(
            finished.started(
                10, stage("lint", .succeeded, attempt: 1, started: 2, ended: 3),
                stage("deploy", .running, attempt: 1, started: 11)), happenings: [], isStored: true)
        await publish(announcer)
        #expect(publisher.events.suffix(2) == ["u1 pipelinerun.started", "u1 taskrun.started"])
        #expect(publisher.events.count == 7)
    }

    @Test
    func `what has no room is dropped and counted`() async {
        let publisher = Publisher(room: 2)
        let announcer = announcer(publisher)
        announcer.observed(finished, happenings: [], isStored: true)
        #expect(announcer.counts == (0, 0, 5))
        await publish(announcer)
        #expect(announcer.counts == (2, 3, 0))

        let full = self.announcer(Publisher())
        for number in 0..<(EventAnnouncer.waitingLimit + 7) {
            full.followed(.run(run(uid: "u\(number)")))
        }
        #expect(full.counts == (0, 7, EventAnnouncer.waitingLimit))
    }

    @Test
    func `runs that have ended are forgotten in the end`() {
        let announcer = announcer(Publisher())
        for number in 0...EventAnnouncer.endedLimit {
            announcer.observed(
                run(uid: "u\(number)").ended(1, Reason.invalidSpec, .false), happenings: [], isStored: true)
        }
        let memory = announcer.memory
        #expect(memory.stories == 0 && memory.ended <= EventAnnouncer.endedLimit)
        announcer.followed(.listed(runs: [], pipelines: []))
        #expect(announcer.memory == (0, 0))
    }
}
