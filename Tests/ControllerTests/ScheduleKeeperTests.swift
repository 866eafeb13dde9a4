import Model
import Planning
import Synchronization
import Testing

@testable import Controller

@Suite("Keeping schedules", .timeLimit(.minutes(1)))
struct ScheduleKeeperTests {
    /// A desk that makes what it is asked for, and a clock that stands still until the keeper sleeps.
    private final class World: RunDesk, TimeZones {
        struct State {
            var now = Timestamp("2026-05-09T02:59:00Z") ?? Timestamp(seconds: 0)
            var made: [String: PipelineRun] = [:]
            var outcomes: [MakeOutcome] = []
            var patches: [PipelinePatch] = []
            var reports: [ScheduleKeeper.Report] = []
            var sleeps = 0
            var leads = true
            /// What storing times gives; then it works.
            var stores: [Bool] = []
        }

        let state = Mutex(State())
        /// How long the test lasts, by the world's clock.
        let end: Timestamp

        init(until end: String) {
            self.end = Timestamp(end) ?? Timestamp(seconds: 0)
        }

        func offset(of name: String) -> ZoneOffset? {
            let kolkata: ZoneOffset = { _ in 19_800 }
            return name == "Asia/Kolkata" ? kolkata : nil
        }

        func pipelines() async throws -> [Pipeline] { [] }
        func hasHandled(_ delivery: String) async throws -> Bool { false }
        func remember(_ delivery: String) async throws {}
        func runs(ofPullRequest number: Int, in repository: String) async throws -> [PipelineRun] { [] }
        func run(_ name: String, namespace: String?) async throws -> PipelineRun? { nil }
        func ask(_ verb: RunVerb, of run: PipelineRun) async -> AskOutcome { .done }

        func make(_ runs: [PipelineRun], remembering: Bool) async -> [MakeOutcome] {
            state.withLock { state in
                runs.map { run in
                    if !state.outcomes.isEmpty { return state.outcomes.removeFirst() }
                    guard state.made[run.metadata.name] == nil else { return .exists }
                    state.made[run.metadata.name] = run
                    return .made(run)
                }
            }
        }

        /// Keeps schedules until the world's end.
        /// - Parameter former: What was there before.
        func play(_ pipelines: Pipeline..., former: [Pipeline] = [], gone: Bool = false) async {
            let (ending, ended) = AsyncStream<Void>.makeStream()
            let keeper = ScheduleKeeper(
                desk: self, zones: self, now: { self.state.withLock { $0.now } },
                sleep: { seconds in
                    let isOver = self.state.withLock { state in
                        state.now = state.now.adding(microseconds: Int64(seconds * 1_000_000))
                        state.sleeps += 1
                        return state.now > self.end
                    }
                    if isOver {
                        ended.finish()
                        try? await Task.sleep(for: .seconds(3600))
                    }
                },
                patch: { patch in
                    self.state.withLock { state in
                        state.patches.append(patch)
                        return state.stores.isEmpty || state.stores.removeFirst()
                    }
                },
                mayAct: { self.state.withLock { $0.leads } },
                report: { report in self.state.withLock { $0.reports.append(report) } })
            if !former.isEmpty { keeper.followed(.listed(runs: [], pipelines: former)) }
            if gone {
                for pipeline in former { keeper.followed(.pipelineGone(name: pipeline.metadata.name, namespace: nil)) }
            }
            keeper.followed(.listed(runs: [], pipelines: pipelines))
            let task = Task { try await keeper.run() }
            for await _ in ending {}
            task.cancel()
            _ = try? await task.value
        }

        var times: [String] {
            state.withLock { $0.made.values.compactMap { $0.metadata.annotations[RunLabels.received] }.sorted() }
        }
    }

    private func pipeline(
        _ cron: String, zone: String? = nil, last: String? = nil, created: String = "2026-05-08T12:00:00Z"
    ) -> Pipeline {
        var schedule = Schedule()
        schedule.cron = cron
        schedule.timeZone = zone
        var trigger = Trigger()
        trigger.schedule = schedule
        var spec = PipelineSpec()
        spec.triggers = [trigger]
        var pipeline = Pipeline(
            metadata: Metadata(name: "nightly", uid: "p", creationTimestamp: Timestamp(created)), spec: spec)
        pipeline.status.lastScheduleTime = last.flatMap { Timestamp($0) }
        return pipeline
    }

    @Test func `a run is made at each time, and the time is noted`() async {
        let world = World(until: "2026-05-09T05:30:00Z")
        await world.play(pipeline("0 * * * *", last: "2026-05-09T02:00:00Z"))
        #expect(
            world.times == ["2026-05-09T03:00:00Z", "2026-05-09T04:00:00Z", "2026-05-09T05:00:00Z"])
        #expect(world.state.withLock { $0.patches.compactMap(\.lastScheduleTime?.description) } == world.times)
    }

    @Test func `a controller that comes after a crash makes no second run for a time that was not noted`() async {
        let first = World(until: "2026-05-09T03:10:00Z")
        await first.play(pipeline("0 3 * * *", last: "2026-05-08T03:00:00Z"))
        let second = World(until: "2026-05-09T03:20:00Z")
        second.state.withLock { state in
            state.made = first.state.withLock { $0.made }
            state.now = Timestamp("2026-05-09T03:10:00Z") ?? state.now
        }
        await second.play(pipeline("0 3 * * *", last: "2026-05-08T03:00:00Z"))
        #expect(second.times == ["2026-05-09T03:00:00Z"])
        #expect(second.state.withLock { $0.patches.count } == 1)
    }

    @Test func `a time that could not be noted is noted later`() async {
        let world = World(until: "2026-05-09T03:10:00Z")
        world.state.withLock { $0.stores = [false, false] }
        await world.play(pipeline("0 3 * * *", last: "2026-05-08T03:00:00Z"))
        #expect(world.times == ["2026-05-09T03:00:00Z"])
        let noted = world.state.withLock { $0.patches.map { $0.lastScheduleTime?.description } }
        #expect(noted == Array(repeating: "2026-05-09T03:00:00Z", count: 3))
    }

    @Test func `a pipeline that goes and comes back with another schedule hasn't missed it`() async {
        let world = World(until: "2026-05-09T04:10:00Z")
        let before = pipeline("0 8 * * *", last: "2026-05-08T08:00:00Z")
        await world.play(
            pipeline("0 2 * * *", last: "2026-05-08T08:00:00Z"), former: [before], gone: true)
        #expect(world.times.isEmpty)
    }

    @Test func `what can't be made is tried again, and what is refused is told and left`() async {
        let world = World(until: "2026-05-09T03:02:00Z")
        world.state.withLock { $0.outcomes = [.failed("the disk is full"), .failed("still full")] }
        await world.play(pipeline("0 3 * * *", last: "2026-05-08T03:00:00Z"))
        #expect(world.times == ["2026-05-09T03:00:00Z"])
        let other = World(until: "2026-05-09T03:02:00Z")
        other.state.withLock { $0.outcomes = [.refused("a param has no default")] }
        await other.play(pipeline("0 3 * * *", last: "2026-05-08T03:00:00Z"))
        #expect(other.times.isEmpty)
        #expect(
            other.state.withLock { $0.reports }
                == [.trouble("pipeline nightly can't run for its schedule: a param has no default")])
    }

    @Test func `a zone's time counts, and an unknown zone is told once`() async {
        let world = World(until: "2026-05-09T03:40:00Z")
        await world.play(pipeline("0 9 * * *", zone: "Asia/Kolkata", last: "2026-05-08T03:30:00Z"))
        #expect(world.times == ["2026-05-09T03:30:00Z"])
        let lost = World(until: "2026-05-09T03:40:00Z")
        await lost.play(pipeline("0 9 * * *", zone: "Middle/Earth"))
        #expect(lost.times.isEmpty)
        #expect(lost.state.withLock { $0.reports.count } == 1)
    }

    @Test func `a schedule that is new or moved was not missed before it was there`() async {
        let world = World(until: "2026-05-09T04:10:00Z")
        var bare = pipeline("0 1 * * *")
        bare.spec.triggers = []
        await world.play(pipeline("0 1 * * *"), former: [bare])
        #expect(world.times.isEmpty)
        #expect(world.state.withLock { $0.patches.first?.lastScheduleTime?.description } == "2026-05-09T02:59:00Z")
        let moved = World(until: "2026-05-09T04:10:00Z")
        let before = pipeline("0 8 * * *", last: "2026-05-08T08:00:00Z")
        await moved.play(pipeline("0 4 * * *", last: "2026-05-08T08:00:00Z"), former: [before])
        #expect(moved.times == ["2026-05-09T04:00:00Z"])
    }

    @Test func `who doesn't lead makes nothing`() async {
        let world = World(until: "2026-05-09T03:40:00Z")
        world.state.withLock { $0.leads = false }
        await world.play(pipeline("0 3 * * *", last: "2026-05-08T03:00:00Z"))
        #expect(world.times.isEmpty)
    }
}
