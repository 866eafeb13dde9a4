import Controller
import HTTPClient
import HTTPTestSupport
import Model
import ReportingSupport
import Testing

@testable import Reporting

/// The reporter with a target that is none.
@Suite struct ReporterTests {
    private let start = PipelineRun.sample(slack: [.failed], stages: [.sample("lint", .running)])
    private let end = PipelineRun.sample(slack: [.failed], stages: [.sample("lint", .failed)], end: .false)

    @Test func `a run is told as it goes, recorded, and let go of at its end`() async throws {
        let target = FakeTarget()
        try await Desk([target]).working { desk in
            desk.list(start)
            #expect(await desk.records.first(1) == ["u1 fake Running/0 r"])
            desk.observe(end)
            #expect(await desk.records.first(2).last == "u1 fake Failed/0 r")
            #expect(await target.forgotten.first(1) == ["u1"])
            #expect(desk.reporter.keptRuns == 0)
            #expect(target.calls.entries == ["u1 Running/0", "u1 Failed/0"])
            #expect(desk.counts.entries == ["fake sent", "fake sent"])
        }
    }

    @Test func `what the status shows as told isn't told again after a restart`() async throws {
        let target = FakeTarget()
        try await Desk([target]).working { desk in
            desk.list(
                end.told("fake", "Failed/0", "r"), .sample("u2", slack: [.failed], end: .true))
            #expect(await target.calls.first(1) == ["u2 Succeeded/0"])
            #expect(await target.forgotten.first(2).contains("u1"))
            #expect(target.calls.entries.count == 1)
        }
    }

    @Test func `what was told before a crash could record it is told again`() async throws {
        let target = FakeTarget()
        try await Desk([target]).working { desk in
            desk.list(end.told("fake", "Running/0", "r"))
            #expect(await target.calls.first(1) == ["u1 Failed/0"])
        }
    }

    @Test func `a status that is older than what the controller has told brings nothing back`() async throws {
        let target = FakeTarget()
        try await Desk([target]).working { desk in
            desk.list(start)
            await target.calls.first(1)
            desk.observe(end)
            #expect(await target.forgotten.first(1) == ["u1"])
            // A watch that lags behind, and one that listed anew.
            desk.reporter.followed(.run(start))
            desk.list(start, .sample("u2", slack: [.failed], end: .false))
            #expect(await target.calls.first(3) == ["u1 Running/0", "u1 Failed/0", "u2 Failed/0"])
        }
    }

    @Test func `of a run that goes on the controller's word counts, not what a watch tells late`() async throws {
        let target = FakeTarget()
        try await Desk([target]).working { desk in
            desk.list(start)
            await target.calls.first(1)
            desk.observe(.sample(slack: [.failed], stages: [.sample("lint", .failed)]))
            await target.calls.first(2)
            desk.reporter.followed(.run(start))
            #expect(await target.calls.first(3) == ["u1 Running/0", "u1 Failing/0", "u1 Failing/0"])
        }
    }

    @Test func `a run whose records come only with the next write is told once`() async throws {
        let target = FakeTarget()
        try await Desk([target]).working { desk in
            desk.list(start)
            await desk.records.first(1)
            desk.observe(end)
            await desk.records.first(2)
            // The write that followed knew of the first record alone.
            desk.observe(end.told("fake", "Running/0", "r"))
            desk.observe(end.told("fake", "Failed/0", "r"))
            desk.list(end, .sample("u2", slack: [.failed], end: .false))
            #expect(await target.calls.first(3).last == "u2 Failed/0")
        }
    }

    @Test func `a run that is deleted after its end is told of all the same, and then let go`() async throws {
        let (up, deleted) = (Signal(), Signal())
        let target = FakeTarget([.told(event: "Running/0"), .retry("it is down")]) { number in
            if number == 2 {
                up.give()
                await deleted.wait()
            }
        }
        try await Desk([target]).working { desk in
            desk.list(start)
            await desk.records.first(1)
            desk.observe(end)
            await up.wait()
            desk.reporter.followed(.runGone(uid: "u1"))
            // A listing, too, that it isn't in.
            desk.list(.sample("u2"))
            deleted.give()
            #expect(await target.calls.first(3) == ["u1 Running/0", "u1 Failed/0", "u1 Failed/0"])
            await desk.idle()
            #expect(desk.reporter.keptRuns == 0)
            #expect(await target.forgotten.first(1).contains("u1"))
        }
    }

    @Test func `what was deleted isn't kept for ever while nobody can be told`() async throws {
        let target = FakeTarget([.told(event: "Running/0")] + Array(repeating: .retry("it is down"), count: 10_000))
        try await Desk([target]).working { desk in
            desk.list(start)
            await desk.records.first(1)
            var end = end
            end.status.completionTime = desk.time.clock.wall()
            desk.observe(end)
            desk.reporter.followed(.runGone(uid: "u1"))
            await desk.idle()
            #expect(desk.time.now > .seconds(6 * 3600))
            #expect(desk.reporter.keptRuns == 0)
        }
    }

    @Test func `a run that had ended long ago is told of when it has run again`() async throws {
        let target = FakeTarget()
        let time = TestTime()
        time.pass(.seconds(7 * 3600))
        try await Desk([target], time: time).working { desk in
            desk.list(end)
            #expect(desk.reporter.keptRuns == 0)
            desk.observe(.sample(slack: [.failed], stages: [.sample("lint", .running)], rerun: 1))
            await target.calls.first(1)
            desk.observe(.sample(slack: [.failed], stages: [.sample("lint", .succeeded)], end: .true, rerun: 1))
            #expect(await target.calls.first(2) == ["u1 Running/1", "u1 Succeeded/1"])
        }
    }

    @Test func `also where its next end comes at once`() async throws {
        let target = FakeTarget()
        let time = TestTime()
        time.pass(.seconds(7 * 3600))
        try await Desk([target], time: time).working { desk in
            desk.list(end)
            desk.observe(.sample(slack: [.failed], end: .false, reason: Reason.invalidSpec, rerun: 1, started: false))
            #expect(await target.calls.first(1) == ["u1 Failed/1/unstarted"])
        }
    }

    @Test func `what a long outage held up is told after it, however often all is listed meanwhile`() async throws {
        let (asked, up) = (Signal(), Signal())
        let target = FakeTarget([.told(event: "Running/0"), .retry("it is down")]) { number in
            if number == 2 {
                asked.give()
                await up.wait()
            }
        }
        let time = TestTime()
        try await Desk([target], time: time).working { desk in
            desk.list(start)
            await desk.records.first(1)
            var end = end
            end.status.completionTime = time.clock.wall()
            desk.observe(end)
            await asked.wait()
            time.pass(.seconds(7 * 3600))
            desk.list(end)
            up.give()
            #expect(await target.calls.first(3).last == "u1 Failed/0")
        }
    }

    @Test func `a run that never starts is told of, by its pipeline as it is now`() async throws {
        let target = FakeTarget()
        try await Desk([target]).working { desk in
            var spec = PipelineSpec()
            spec.notifications = PipelineRun.sample(slack: [.failed]).status.pipelineSpec?.notifications
            let pipeline = Pipeline(metadata: Metadata(name: "app"), spec: spec)
            var waiting = PipelineRun.sample(started: false)
            waiting.status.pipelineSpec = nil
            desk.reporter.followed(.listed(runs: [waiting], pipelines: [pipeline]))
            var invalid = PipelineRun.sample(end: .false, reason: Reason.invalidSpec, started: false)
            invalid.status.pipelineSpec = nil
            await target.calls.first(1)
            desk.observe(invalid)
            #expect(await target.calls.first(2) == ["u1 Waiting/0", "u1 Failed/0/unstarted"])
            await desk.idle()
            // Without notifications nobody is told.
            var other = PipelineRun.sample("u2", started: false)
            other.status.pipelineSpec = nil
            desk.reporter.followed(.pipelineGone(name: "app", namespace: nil))
            desk.reporter.followed(.run(other))
            #expect(desk.reporter.isIdle)
        }
    }

    @Test func `a rerun is told anew`() async throws {
        let target = FakeTarget()
        try await Desk([target]).working { desk in
            desk.list(end.told("fake", "Failed/0", "r"))
            desk.observe(.sample(slack: [.failed], stages: [.sample("lint", .running)], rerun: 1))
            await desk.records.first(1)
            desk.observe(.sample(slack: [.failed], stages: [.sample("lint", .succeeded)], end: .true, rerun: 1))
            #expect(await target.calls.first(2) == ["u1 Running/1", "u1 Succeeded/1"])
        }
    }

    @Test func `after an outage each run's last state is told, and nothing in between`() async throws {
        let up = Signal()
        let target = FakeTarget([.retry("it is down")], hold: { number in if number == 1 { await up.wait() } })
        try await Desk([target]).working { desk in
            desk.list(start)
            await target.calls.first(1)
            desk.observe(.sample(slack: [.failed], stages: [.sample("lint", .failed)]))
            desk.observe(end)
            up.give()
            #expect(await desk.records.first(1) == ["u1 fake Failed/0 r"])
            #expect(target.calls.entries == ["u1 Running/0", "u1 Failed/0"])
            #expect(desk.counts.entries == ["fake retried", "fake sent"])
            #expect(desk.warnings.entries == ["it is down; it is tried again until it works"])
            #expect(await desk.recoveries.first(1) == ["fake"])
        }
    }

    @Test func `an outage is warned of once, however many runs and attempts there are`() async throws {
        let target = FakeTarget(Array(repeating: .retry("it is down"), count: 20))
        try await Desk([target]).working { desk in
            desk.list(end, .sample("u2", slack: [.failed], end: .false), .sample("u3", slack: [.failed], end: .false))
            #expect(Set(await desk.records.first(3).map { $0.prefix(2) }) == ["u1", "u2", "u3"])
            #expect(desk.warnings.entries.count == 1)
            #expect(desk.recoveries.entries == ["fake"])
            #expect(desk.time.now >= .seconds(15))
        }
    }

    @Test func `a target that wants a pause gets one, and then what it missed`() async throws {
        let target = FakeTarget([.pause(.seconds(90), "too much")])
        try await Desk([target]).working { desk in
            desk.list(end, .sample("u2", slack: [.failed], end: .false))
            await desk.records.first(2)
            #expect(desk.time.now >= .seconds(90))
            #expect(target.calls.entries.count == 3)
            #expect(desk.warnings.entries == ["too much; nothing is sent for 90 s"])
        }
    }

    @Test func `what is refused for good is warned of once and not tried again until the run has changed`() async throws
    {
        let target = FakeTarget([.refused("no such channel"), .refused("no such channel")])
        try await Desk([target]).working { desk in
            desk.list(start)
            await desk.counts.first(1)
            // Nothing new in it.
            desk.observe(start)
            desk.observe(end)
            #expect(await target.forgotten.first(1) == ["u1"])
            desk.observe(end)
            desk.list(.sample("u2", slack: [.failed], end: .false))
            #expect(await target.calls.first(3) == ["u1 Running/0", "u1 Failed/0", "u2 Failed/0"])
            #expect(desk.warnings.entries == ["no such channel"])
        }
    }

    @Test func `a target that doesn't answer holds up no other`() async throws {
        let up = Signal()
        let slow = FakeTarget(name: "slow", hold: { _ in await up.wait() })
        let quick = FakeTarget()
        try await Desk([slow, quick]).working { desk in
            desk.list(start)
            #expect(await desk.records.first(1) == ["u1 fake Running/0 r"])
            desk.observe(end)
            #expect(await desk.records.first(2).last == "u1 fake Failed/0 r")
            // It is kept for the one that hasn't heard of it yet.
            #expect(desk.reporter.keptRuns == 1)
            up.give()
            #expect(await slow.forgotten.first(1) == ["u1"])
            #expect(slow.calls.entries == ["u1 Running/0", "u1 Failed/0"])
            #expect(quick.calls.entries == ["u1 Running/0", "u1 Failed/0"])
        }
    }

    @Test func `news during the quiet time is told together when it is over`() async throws {
        let told = Signal()
        let target = FakeTarget(quietTime: .seconds(2), hold: { number in if number == 1 { await told.wait() } })
        try await Desk([target]).working { desk in
            desk.list(start)
            await target.calls.first(1)
            desk.observe(.sample(slack: [.failed], stages: [.sample("lint", .succeeded), .sample("test", .running)]))
            desk.observe(.sample(slack: [.failed], stages: [.sample("lint", .succeeded), .sample("test", .failed)]))
            told.give()
            #expect(await target.calls.first(2) == ["u1 Running/0", "u1 Failing/0"])
            #expect(desk.time.now >= .seconds(2))
        }
    }

    @Test func `the past is let be when notifications are switched on`() async throws {
        let target = FakeTarget()
        let time = TestTime()
        time.pass(.seconds(7 * 3600))
        try await Desk([target], time: time).working { desk in
            desk.list(end, .sample("u2", slack: [.failed], stages: [.sample("lint", .running)]))
            #expect(await target.calls.first(1) == ["u2 Running/0"])
            #expect(desk.reporter.keptRuns == 1)
        }
    }

    @Test func `runs that are gone, or that want nobody told, are kept nowhere`() async throws {
        let target = FakeTarget()
        try await Desk([target]).working { desk in
            desk.list(.sample("u0"), start, .sample("u2", slack: [.failed]), .sample("u3", slack: [.failed]))
            await desk.records.first(3)
            #expect(desk.reporter.keptRuns == 3)
            desk.reporter.followed(.runGone(uid: "u1"))
            desk.observe(end)
            desk.list(.sample("u3", slack: [.failed]))
            #expect(desk.reporter.keptRuns == 1)
            #expect(target.forgotten.entries.contains("u1") && target.forgotten.entries.contains("u2"))
            #expect(!target.calls.entries.contains("u1 Failed/0"))
        }
    }

    @Test func `what isn't stored yet isn't told`() async throws {
        let target = FakeTarget()
        try await Desk([target]).working { desk in
            desk.list(start)
            await desk.records.first(1)
            desk.reporter.observed(end, happenings: [], isStored: false)
            desk.observe(.sample(slack: [.failed], stages: [.sample("lint", .failed)]))
            #expect(await target.calls.first(2).last == "u1 Failing/0")
        }
    }

    @Test func `annotations reach the targets of runs that are followed`() async throws {
        let target = FakeTarget()
        let desk = Desk([target])
        desk.list(start, .sample("u2"))
        let fence = Fence(run: "u1", stage: "lint", attempt: 1)
        let other = Fence(run: "u2", stage: "lint", attempt: 1)
        desk.reporter.annotated(other, of: .sample("u2"), [.sample("a.py")])
        desk.reporter.annotated(fence, of: start, [])
        desk.reporter.annotated(fence, of: start, [.sample("a.py")])
        #expect(target.annotated.entries == [fence])
    }

    @Test func `a reporter is made of what the configuration names`() async throws {
        let server = try StandIn([StandIn.Answer(body: "ok"), StandIn.Answer(status: 201)])
        let records = Journal<String>()
        try await withHTTP { http in
            let github = GitHubConfiguration(apiURL: server.url, webURL: server.url, token: Secret("t"))
            let configuration = ReportingConfiguration(
                slack: SlackConfiguration(webhook: Secret("\(server.url)/hook")), github: github, version: "1")
            #expect(configuration.problems == [])
            let reporter = Reporter(
                configuration, http: http, github: GitHubClient(github, http: http, version: "1"),
                clock: TestTime().clock, record: { records.append("\($0) \($1.words)") })
            let run = PipelineRun.sample(
                slack: [.failed], github: .statuses, end: .false, url: "\(server.url)/acme/app")
            reporter.followed(.listed(runs: [run], pipelines: []))
            async let _: Void = reporter.run()
            let told = await records.first(2)
            #expect(Set(told) == ["u1 slack Failed/0 -", "u1 github failure/0 -"])
        }
    }

    @Test func `where settings are missing it is said once, and each run counts`() async throws {
        let (counts, warnings) = (Journal<String>(), Journal<String>())
        let time = TestTime()
        try await withHTTP { http in
            let reporter = Reporter(
                ReportingConfiguration(version: "1"), http: http, github: nil, clock: time.clock,
                record: { _, _ in }, count: { counts.append("\($0) \($1)") }, warn: { warnings.append($0) })
            async let _: Void = reporter.run()
            var before = PipelineRun.sample("u0", slack: [.failed], github: .checks, end: .false)
            before.status.completionTime = time.clock.wall().adding(seconds: -1)
            let running = PipelineRun.sample(slack: [.failed], github: .checks, stages: [.sample("lint", .running)])
            reporter.followed(.listed(runs: [before, running, .sample("u2")], pipelines: []))
            while !reporter.isIdle { await Task.yield() }
            #expect(counts.entries == [])
            for uid in ["u1", "u3"] {
                var end = PipelineRun.sample(uid, slack: [.failed], github: .checks, end: .false)
                end.status.completionTime = time.clock.wall()
                reporter.followed(.run(end))
                reporter.observed(end, happenings: [], isStored: true)
            }
            #expect(
                await counts.first(4).sorted() == ["github failed", "github failed", "slack failed", "slack failed"])
        }
        #expect(warnings.entries.count == 2)
        #expect(warnings.entries.contains { $0.contains("MARTLET_SLACK_TOKEN") })
        #expect(warnings.entries.contains { $0.contains("--github-app-id") })
    }

    @Test func `a reporter that is told to stop ends, also while it waits`() async {
        let desk = Desk([FakeTarget()])
        await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                do {
                    try await desk.reporter.run()
                    return false
                } catch { return error is CancellationError }
            }
            group.cancelAll()
            #expect(await group.next() == true)
        }
    }
}
