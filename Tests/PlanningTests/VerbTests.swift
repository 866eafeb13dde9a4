import Model
import Testing

@testable import Planning

@Suite("Verbs")
struct VerbTests {
    // MARK: Pause

    @Test func `paused: nothing new is assigned, unclaimed assignments are withdrawn, running stages finish and count`()
        throws
    {
        var driver = try RunDriver(
            PipelineSpec([stage("a"), stage("b"), stage("c"), stage("d", needs: ["a"]), approval("ask")]))
        driver.pass()
        driver.bind("a")
        driver.claim("a")
        driver.bind("b")
        let late = driver.report("b", .finished(StageOutcome(.succeeded)))
        driver.want(.paused)
        #expect(driver.states == ["a Running", "b Waiting", "c Waiting", "d Pending", "ask Waiting"])
        #expect(driver.reason("b") == Reason.paused)
        #expect(driver.stopped == ["u1/b/1"])
        #expect(driver.ready.isEmpty)
        #expect(driver.outcome == "Unknown/Paused")
        driver.pass([late])
        #expect(driver.plan.verdicts == [.stale])
        driver.finish("a")
        #expect(driver.states == ["a Succeeded", "b Waiting", "c Waiting", "d Waiting", "ask Waiting"])
        driver.want(.running)
        #expect(driver.ready == ["b", "c", "d"])
        driver.bind("b")
        #expect(driver.run.status[stage: "b"]?.attempt == 2)
    }

    @Test func `what was reported before the pause counts`() throws {
        var driver = try RunDriver(PipelineSpec([stage("a"), stage("b")]))
        driver.pass()
        driver.bind("a")
        driver.bind("b")
        driver.run.spec.desiredState = .paused
        driver.pass([
            driver.report("a", .claimed(at: driver.now)), driver.report("b", .finished(StageOutcome(.succeeded))),
        ])
        #expect(driver.states == ["a Running", "b Succeeded"])
        #expect(driver.plan.stops.isEmpty)
    }

    @Test func `a paused run doesn't ask for its source`() throws {
        var driver = try RunDriver(PipelineSpec([stage("a")]))
        driver.source = .unresolved(url: "https://h/r", ref: nil)
        driver.pass()
        driver.want(.paused)
        #expect(!driver.plan.wantsSource)
        #expect(driver.reason("a") == Reason.paused)
    }

    // MARK: Cancel

    @Test func `cancelled: what has not started is cancelled, what runs is stopped until it has ended`() throws {
        var driver = try RunDriver(PipelineSpec([stage("a"), stage("b"), stage("c", needs: ["a"])]))
        driver.pass()
        driver.bind("a")
        driver.claim("a")
        driver.want(.cancelled)
        #expect(driver.states == ["a Running", "b Cancelled", "c Cancelled"])
        #expect(driver.outcome == "Unknown/Cancelled")
        for _ in 0..<3 {
            #expect(driver.stopped == ["u1/a/1"])
            driver.pass(after: 1)
        }
        driver.finish("a", .cancelled)
        #expect(driver.state("a") == .cancelled)
        #expect(driver.plan.stops.isEmpty)
        #expect(driver.outcome == "False/Cancelled")
    }

    @Test(arguments: [
        (StageReport.Event.finished(StageOutcome(.succeeded)), StageStatus.State.succeeded),
        (.finished(StageOutcome(.failed)), .failed), (.finished(StageOutcome(.cancelled)), .cancelled),
        (.lost(reason: "gone", excused: false), .cancelled), (.unclaimed, .cancelled),
        (.declined(reason: "stopped"), .cancelled), (.overdue, .cancelled),
    ])
    func `a result that was on its way is kept for its stage; the run still ends Cancelled`(
        event: StageReport.Event, state: StageStatus.State
    ) throws {
        var driver = try RunDriver(PipelineSpec([stage("a") { $0.retry = retry(3) }, stage("b", needs: ["a"])]))
        driver.pass()
        driver.bind("a")
        driver.want(.cancelled)
        #expect(driver.state("a") == .assigned)
        #expect(driver.stopped == ["u1/a/1"])
        driver.pass([driver.report("a", event)])
        #expect(driver.state("a") == state)
        #expect(driver.outcome == "False/Cancelled")
    }

    @Test func `a cancel is final, though the user changes their mind`() throws {
        var driver = try RunDriver(PipelineSpec([stage("a"), stage("b")]))
        driver.pass()
        driver.bind("a")
        driver.claim("a")
        driver.want(.cancelled)
        driver.want(.running)
        #expect(driver.stopped == ["u1/a/1"])
        #expect(driver.outcome == "Unknown/Cancelled")
        driver.finish("a", .cancelled)
        #expect(driver.outcome == "False/Cancelled")
        driver.pass()
        #expect(driver.outcome == "False/Cancelled")
    }

    @Test func `finally runs after a cancel too`() throws {
        var driver = try RunDriver(PipelineSpec([stage("a")], finally: [stage("f")]))
        driver.pass()
        driver.bind("a")
        driver.claim("a")
        driver.want(.cancelled)
        #expect(driver.state("f") == .pending)
        driver.finish("a", .cancelled)
        #expect(driver.ready == ["f"])
        driver.bind("f")
        driver.claim("f")
        #expect(driver.plan.stops.isEmpty)
        driver.finish("f")
        #expect(driver.state("f") == .succeeded)
        #expect(driver.outcome == "False/Cancelled")
    }

    @Test func `a run that is being deleted is cancelled`() throws {
        var driver = try RunDriver(PipelineSpec([stage("a")]))
        driver.pass()
        driver.run.metadata.deletionTimestamp = driver.now
        driver.pass()
        #expect(driver.outcome == "False/Cancelled")
    }

    @Test func `a superseded run ends as if it were cancelled`() throws {
        var driver = try RunDriver(PipelineSpec([stage("a"), stage("b")]))
        driver.pass()
        driver.bind("a")
        driver.obstacle = .superseded("`shop-2` is newer")
        driver.pass()
        #expect(driver.stopped == ["u1/a/1"])
        driver.obstacle = nil
        driver.pass()
        driver.finish("a", .cancelled)
        #expect(driver.outcome == "False/Superseded")
    }

    // MARK: Rerun

    @Test func `a rerun runs failed and skipped stages again, all that need them, and finally; results are kept`()
        throws
    {
        var driver = try RunDriver(
            PipelineSpec(
                [
                    stage("ok"), stage("bad") { $0.onFailure = .continue }, stage("after", needs: ["bad"]),
                    stage("last", needs: ["ok"]),
                ], finally: [stage("f")]))
        driver.pass()
        driver.perform("ok", results: [Param(name: "r", value: "1")])
        driver.perform("bad", .failed)
        driver.perform("after")
        driver.perform("last")
        driver.perform("f")
        #expect(driver.outcome == "True/CompletedWithFailures")
        driver.now = driver.now.adding(seconds: 100_000)
        driver.rerun()
        #expect(driver.states == ["ok Succeeded", "bad Queued", "after Pending", "last Succeeded", "f Pending"])
        #expect(driver.run.status[stage: "ok"]?.results == [Param(name: "r", value: "1")])
        #expect(driver.run.status[stage: "bad"]?.failures == 0)
        #expect(driver.run.status[stage: "bad"]?.attempt == 1)
        #expect(driver.run.status.completionTime == nil)
        #expect(driver.run.status.observedRerun == 1)
        #expect(driver.outcome == "Unknown/Active")
        driver.perform("bad")
        #expect(driver.run.status[stage: "bad"]?.attempt == 2)
        driver.perform("after")
        driver.perform("f")
        #expect(driver.outcome == "True/Succeeded")
    }

    @Test func `a rerun after a halt runs what was skipped`() throws {
        var driver = try RunDriver(PipelineSpec([stage("a"), stage("b", needs: ["a"]), stage("c", needs: ["b"])]))
        driver.pass()
        driver.perform("a")
        driver.perform("b", .failed)
        #expect(driver.outcome == "False/StageFailed")
        driver.rerun()
        #expect(driver.states == ["a Succeeded", "b Queued", "c Pending"])
    }

    @Test func `what a stage's own when left out stays so, and what needs it keeps its result`() throws {
        var driver = try RunDriver(
            PipelineSpec([
                stage("a") { $0.when = [WhenClause("x", .isIn, ["y"])] }, stage("b", needs: ["a"]), stage("c"),
            ]))
        driver.pass()
        driver.perform("b")
        driver.perform("c", .failed)
        driver.rerun()
        #expect(driver.states == ["a Skipped", "b Succeeded", "c Queued"])
    }

    @Test func `reports of the time before a rerun are stale`() throws {
        var driver = try RunDriver(PipelineSpec([stage("a")]))
        driver.pass()
        driver.perform("a", .failed)
        let old = driver.report("a", .finished(StageOutcome(.failed)))
        driver.rerun()
        driver.pass([old])
        #expect(driver.plan.verdicts == [.stale])
        #expect(driver.ready == ["a"])
    }

    @Test func `a rerun of an active run stops what has to run anew`() throws {
        var driver = try RunDriver(
            PipelineSpec([stage("bad") { $0.onFailure = .continue }, stage("after", needs: ["bad"]), stage("other")]))
        driver.pass()
        driver.bind("other")
        driver.perform("bad", .failed)
        driver.bind("after")
        driver.claim("after")
        driver.rerun()
        #expect(driver.states == ["bad Queued", "after Pending", "other Assigned"])
        #expect(driver.stopped == ["u1/after/1"])
    }

    @Test func `a rerun brings a cancelled run back once it is wanted running`() throws {
        var driver = try RunDriver(PipelineSpec([stage("a"), stage("b", needs: ["a"])]))
        driver.pass()
        driver.want(.cancelled)
        driver.run.spec.rerunCount = 1
        driver.pass()
        #expect(driver.outcome == "False/Cancelled")
        #expect(driver.run.status.observedRerun == 0)
        driver.want(.running)
        #expect(driver.ready == ["a"])
        #expect(driver.run.status.observedRerun == 1)
    }

    @Test func `a rerun while the run is being cancelled runs what was told to stop anew`() throws {
        var driver = try RunDriver(PipelineSpec([stage("a"), stage("b")]))
        driver.pass()
        driver.bind("a")
        driver.claim("a")
        driver.want(.cancelled)
        let stopped = driver.report("a", .finished(StageOutcome(.cancelled)))
        driver.rerun()
        #expect(driver.states == ["a Queued", "b Queued"])
        #expect(driver.stopped == ["u1/a/1"])
        driver.pass([stopped])
        #expect(driver.plan.verdicts == [.stale])
        #expect(driver.run.status[stage: "a"]?.losses == 0)
    }

    @Test func `a rerun asks for approval anew only where the approval itself runs again`() throws {
        var driver = try RunDriver(PipelineSpec([approval("ask"), stage("a", needs: ["ask"])]))
        driver.pass()
        driver.approve("ask", .rejected)
        #expect(driver.outcome == "False/StageFailed")
        driver.rerun()
        #expect(driver.state("ask") == .waiting)
        driver.approve("ask", .approved, rerun: 1)
        driver.perform("a", .failed)
        driver.rerun()
        #expect(driver.states == ["ask Succeeded", "a Queued"])
    }

    @Test func `a rerun of a run without anything to run again changes nothing else`() throws {
        var driver = try RunDriver(PipelineSpec([stage("a")]))
        driver.pass()
        driver.perform("a")
        let end = driver.run.status.completionTime
        driver.now = driver.now.adding(seconds: 10)
        driver.rerun()
        #expect(driver.run.status.completionTime == end)
        #expect(driver.run.status.observedRerun == 1)
        #expect(driver.outcome == "True/Succeeded")
    }
}
