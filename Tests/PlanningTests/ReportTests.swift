import Model
import Testing

@testable import Planning

@Suite("Reports")
struct ReportTests {
    private func running(_ change: (inout StageSpec) -> Void = { _ in }) throws -> RunDriver {
        var driver = try RunDriver(PipelineSpec([stage("a", change), stage("b", needs: ["a"])]))
        driver.pass()
        driver.bind("a")
        driver.claim("a")
        return driver
    }

    @Test func `a claim makes the stage run from the time it names, held between assignment and now`() throws {
        var driver = try RunDriver(PipelineSpec([stage("a"), stage("b"), stage("c")]))
        driver.pass()
        for stage in ["a", "b", "c"] { driver.bind(stage) }
        #expect(driver.state("a") == .assigned)
        let bound = driver.now
        driver.now = bound.adding(seconds: 3)
        driver.pass([
            driver.report("a", .claimed(at: bound.adding(seconds: 1))),
            driver.report("b", .claimed(at: bound.adding(seconds: -100))),
            driver.report("c", .claimed(at: bound.adding(seconds: 100))),
        ])
        #expect(driver.states == ["a Running", "b Running", "c Running"])
        #expect(driver.run.status.stages.map(\.startTime) == [bound.adding(seconds: 1), bound, driver.now])
    }

    @Test func `finished implies claimed`() throws {
        var driver = try RunDriver(PipelineSpec([stage("a")]))
        driver.pass()
        driver.bind("a")
        driver.finish("a")
        #expect(driver.plan.verdicts == [.accepted])
        #expect(driver.outcome == "True/Succeeded")
        #expect(driver.run.status[stage: "a"]?.startTime != nil)
    }

    @Test func `a report that differs from what is stored in anything is stale`() throws {
        let driver = try running()
        let right = driver.report("a", .finished(StageOutcome(.succeeded)))
        var wrong: [StageReport] = []
        func add(_ change: (inout StageReport) -> Void) {
            var report = right
            change(&report)
            wrong.append(report)
        }
        add { $0.fence.run = "u2" }
        add { $0.fence.stage = "nowhere" }
        add { $0.fence.attempt = 2 }
        add { $0.fence.attempt = 0 }
        add { $0.instance = "another" }
        add { $0.digest = "another" }
        for report in wrong {
            var copy = driver
            copy.pass([report])
            #expect(copy.plan.verdicts == [.stale])
            #expect(copy.run.status == driver.run.status)
        }
    }

    @Test func `a repeat of what was accepted is accepted without effect`() throws {
        var driver = try running()
        let claim = driver.report("a", .claimed(at: driver.now))
        let finish = driver.report("a", .finished(StageOutcome(.succeeded, message: "ok")))
        driver.pass([claim, finish, finish, claim])
        #expect(driver.plan.verdicts == [.accepted, .accepted, .accepted, .accepted])
        let status = driver.run.status
        driver.pass([finish, driver.report("a", .finished(StageOutcome(.failed)))], after: 9)
        #expect(driver.plan.verdicts == [.accepted, .accepted])
        #expect(driver.run.status == status)
    }

    @Test func `after the run's end repeats are known too, and all else is stale`() throws {
        var driver = try RunDriver(PipelineSpec([stage("a")]))
        driver.pass()
        driver.perform("a")
        let finish = driver.report("a", .finished(StageOutcome(.succeeded)))
        driver.pass([finish, driver.report("a", .finished(StageOutcome(.succeeded)), attempt: 2)])
        #expect(driver.plan.verdicts == [.accepted, .stale])
    }

    @Test func `a repeat of a failure that is to be tried again counts once`() throws {
        var driver = try running { $0.retry = retry(3) }
        let failure = driver.report("a", .finished(StageOutcome(.failed)))
        driver.pass([failure, failure])
        driver.pass([failure])
        #expect(driver.plan.verdicts == [.accepted])
        #expect(driver.run.status[stage: "a"]?.failures == 1)
        driver.pass(after: 10)
        driver.bind("a", to: "a2")
        driver.pass([failure])
        #expect(driver.plan.verdicts == [.stale])
    }

    // MARK: Retries

    @Test func `a stage is tried again after a back-off, up to its limit`() throws {
        var driver = try running { $0.retry = retry(2) }
        driver.finish("a", .failed, message: "flaky")
        #expect(driver.state("a") == .waiting)
        #expect(driver.reason("a") == Reason.backOff)
        #expect(driver.message("a") == "failed 1 of 3 times (Failure), tries again: flaky")
        let retryAt = try #require(driver.run.status[stage: "a"]?.retryAt)
        #expect((9_000_000...10_000_000).contains(retryAt.since(driver.now)))
        #expect(driver.plan.lookAgain == retryAt)
        #expect(driver.plan.happenings == [.stageRetried(stage: "a", failures: 1, at: retryAt)])
        driver.now = retryAt.adding(microseconds: -1)
        driver.pass()
        #expect(driver.ready.isEmpty)
        driver.now = retryAt
        driver.pass()
        #expect(driver.ready == ["a"])
        driver.perform("a", .failed)
        driver.pass(after: 20)
        driver.perform("a", .failed, message: "still")
        #expect(driver.state("a") == .failed)
        #expect(driver.run.status[stage: "a"]?.attempt == 3)
        #expect(driver.run.status[stage: "a"]?.failures == 3)
    }

    @Test(arguments: [
        (StageOutcome.Result.failed, [Retry.Reason.failure], true), (.failed, [.timeout], false),
        (.timedOut, [.timeout], true), (.timedOut, [.failure], false), (.failed, [.failure, .timeout], true),
    ])
    func `only the reasons that are listed are tried again`(
        result: StageOutcome.Result, reasons: [Retry.Reason], again: Bool
    ) throws {
        var driver = try running { $0.retry = retry(1, reasons) }
        driver.finish("a", result)
        #expect(driver.state("a") == (again ? .waiting : .failed))
    }

    private func retry(_ limit: Int, _ reasons: [Retry.Reason] = [.failure, .timeout]) -> Retry {
        PlanningTests.retry(limit, seconds: 10, reasons)
    }

    @Test(arguments: [
        (StageOutcome.Result.failed, nil, "Failure"), (.failed, "NoSuchImage", "NoSuchImage"),
        (.failed, "not a word", "Failure"), (.timedOut, nil, "Timeout"),
    ])
    func `the reason is one word, the agent's own where it is one`(
        result: StageOutcome.Result, given: String?, reason: String
    ) throws {
        var driver = try running()
        var outcome = StageOutcome(result)
        outcome.reason = given
        outcome.exitCode = 2
        driver.pass([driver.report("a", .finished(outcome))])
        #expect(driver.reason("a") == reason)
    }

    // MARK: Losses

    @Test func `the third loss fails the stage, without using up retries`() throws {
        var driver = try RunDriver(PipelineSpec([stage("a") { $0.retry = retry(1) }]))
        driver.pass()
        for loss in 1...2 {
            driver.bind("a")
            driver.pass([driver.report("a", .lost(reason: "lease ended", excused: false))], after: 1)
            #expect(driver.ready == ["a"])
            #expect(driver.run.status[stage: "a"]?.losses == loss)
            #expect(driver.run.status[stage: "a"]?.failures == 0)
            #expect(driver.plan.happenings == [.stageLost(stage: "a", losses: loss, reason: "lease ended")])
            #expect(driver.plan.ready.first?.since == driver.now)
        }
        driver.bind("a")
        driver.claim("a")
        driver.pass([driver.report("a", .lost(reason: "lease ended", excused: false))])
        #expect(driver.state("a") == .failed)
        #expect(driver.reason("a") == Reason.agentLost)
        #expect(driver.stopped == ["u1/a/3"])
    }

    @Test func `excused losses count towards no limit`() throws {
        var driver = try RunDriver(PipelineSpec([stage("a")]))
        driver.pass()
        for attempt in 1...10 {
            driver.bind("a")
            driver.pass([driver.report("a", .lost(reason: "the process ended", excused: true))])
            #expect(driver.ready == ["a"])
            #expect(driver.run.status[stage: "a"]?.attempt == attempt)
        }
        #expect(driver.run.status[stage: "a"]?.losses == 0)
    }

    @Test func `a result of a lost attempt is stale`() throws {
        var driver = try running()
        let finish = driver.report("a", .finished(StageOutcome(.succeeded)))
        driver.pass([driver.report("a", .lost(reason: "gone", excused: false)), finish])
        #expect(driver.plan.verdicts == [.accepted, .stale])
        #expect(driver.ready == ["a"])
        driver.bind("a", to: "a2")
        driver.pass([finish])
        #expect(driver.plan.verdicts == [.stale])
    }

    @Test func `a stage that its agent stopped by itself counts as lost`() throws {
        var driver = try running()
        driver.finish("a", .cancelled, message: "the agent drains")
        #expect(driver.ready == ["a"])
        #expect(driver.reason("a") == Reason.agentStopped)
        #expect(driver.run.status[stage: "a"]?.losses == 1)
        #expect(driver.plan.stops.isEmpty)
    }

    // MARK: Declined, not claimed, overdue

    @Test(arguments: [StageReport.Event.declined(reason: "full"), .unclaimed])
    func `a declined or unclaimed attempt is followed by one that counts neither as failure nor as loss`(
        event: StageReport.Event
    ) throws {
        var driver = try RunDriver(PipelineSpec([stage("a")]))
        driver.pass()
        for attempt in 1...5 {
            driver.bind("a")
            driver.pass([driver.report("a", event)], after: 1)
            #expect(driver.ready == ["a"])
            let status = try #require(driver.run.status[stage: "a"])
            #expect(status.failures == 0 && status.losses == 0 && status.attempt == attempt)
            // It keeps its place in the queue.
            #expect(driver.plan.ready.first?.since == RunDriver.start)
        }
        #expect(driver.stopped == (event == .unclaimed ? ["u1/a/5"] : []))
        #expect(driver.plan.happenings.count == 1)
    }

    @Test func `a claim that was read before the deadline's report wins`() throws {
        var driver = try running()
        driver.pass([driver.report("a", .unclaimed)])
        #expect(driver.state("a") == .running)
        #expect(driver.plan.stops.isEmpty)
    }

    @Test(arguments: [true, false])
    func `an overdue stage fails as timed out and is stopped`(again: Bool) throws {
        var driver = try running { if again { $0.retry = retry(1) } }
        let finish = driver.report("a", .finished(StageOutcome(.succeeded)))
        driver.pass([driver.report("a", .overdue)])
        #expect(driver.state("a") == (again ? .waiting : .failed))
        #expect(driver.stopped == ["u1/a/1"])
        driver.pass([finish])
        #expect(driver.plan.verdicts == [.stale])
    }

    // MARK: Results

    @Test func `results are kept with the stage`() throws {
        var driver = try running()
        driver.finish("a", results: [Param(name: "image", value: "r@sha256:1")])
        #expect(driver.run.status[stage: "a"]?.results == [Param(name: "image", value: "r@sha256:1")])
    }

    @Test(arguments: [
        ("16 results", (0..<16).map { Param(name: "r\($0)", value: "x") }, nil),
        ("17 results", (0..<17).map { Param(name: "r\($0)", value: "x") }, Reason.resultsTooLarge),
        ("1 KiB", [Param(name: "r", value: String(repeating: "x", count: 1024))], nil),
        ("over 1 KiB", [Param(name: "r", value: String(repeating: "x", count: 1025))], Reason.resultsTooLarge),
        ("a name twice", [Param(name: "r", value: "1"), Param(name: "r", value: "2")], Reason.resultsInvalid),
        ("a name with spaces", [Param(name: "r r", value: "1")], Reason.resultsInvalid),
        ("a NUL byte", [Param(name: "r", value: "\0")], Reason.resultsInvalid),
    ])
    func `results beyond their bounds fail the stage, never cut short`(
        name: String, results: [Param], reason: String?
    ) throws {
        var driver = try running { $0.retry = retry(3) }
        driver.finish("a", results: results)
        #expect(driver.state("a") == (reason == nil ? .succeeded : .failed), "\(name)")
        if let reason { #expect(driver.reason("a") == reason, "\(name)") }
        #expect(driver.run.status[stage: "a"]?.results == (reason == nil ? results : []))
    }

    @Test func `all results of a run together are at most 64 KiB`() throws {
        let axis = MatrixAxis(name: "v", values: (0..<6).map(String.init))
        var driver = try RunDriver(
            PipelineSpec([
                matrix("t", [axis]) {
                    $0.onFailure = .continue
                    $0.matrix?.failFast = .disabled
                }
            ]))
        driver.pass()
        let results = (0..<15).map { Param(name: "r\($0)", value: String(repeating: "x", count: 1000)) }
        for number in 0..<6 { driver.bind("t.\(number)") }
        driver.pass((0..<6).map { driver.report("t.\($0)", .finished(StageOutcome(.succeeded, results: results))) })
        #expect(
            driver.run.status.stages.map(\.state) == [.succeeded, .succeeded, .succeeded, .succeeded, .failed, .failed])
        #expect(driver.reason("t.4") == Reason.resultsTooLarge)
    }

    @Test func `a failed stage keeps results that fit`() throws {
        var driver = try running()
        driver.finish("a", .failed, results: [Param(name: "critical", value: "2")])
        #expect(driver.run.status[stage: "a"]?.results == [Param(name: "critical", value: "2")])
    }

    @Test func `a message is cut between characters at 512 bytes`() throws {
        var driver = try running()
        driver.finish("a", .failed, message: String(repeating: "ü", count: 400))
        #expect(driver.message("a").utf8.count <= 512)
        #expect(driver.message("a").utf8.count > 500)
        #expect(driver.message("a").hasSuffix("ü…"))
    }
}
