import Model
import Testing

@testable import Planning

@Suite("The start of a run")
struct StartTests {
    @Test func `a new run starts its roots and says what the others wait for`() throws {
        var driver = try RunDriver(PipelineSpec([stage("lint"), stage("build", needs: ["lint"]), stage("docs")]))
        driver.pass()
        #expect(driver.ready == ["lint", "docs"])
        #expect(driver.states == ["lint Queued", "build Pending", "docs Queued"])
        #expect(driver.reason("build") == Reason.needsPending)
        #expect(driver.message("build") == "waits for `lint`")
        #expect(driver.accepted == "True/Accepted")
        #expect(driver.outcome == "Unknown/Active")
        #expect(driver.run.status.startTime == RunDriver.start)
        #expect(driver.run.status.progress == "0/3")
        #expect(driver.plan.happenings == [.runStarted])
        #expect(driver.run.status.observedGeneration == 1)
    }

    @Test func `the pipeline is frozen at the start for a pipelineRef, and only for one`() throws {
        let spec = PipelineSpec([stage("a")])
        var referring = try RunDriver(spec, ref: "shop")
        referring.pass()
        #expect(referring.run.status.pipelineSpec == spec)
        #expect(referring.plan.ready.first?.pipeline == "shop")
        var inline = try RunDriver(spec)
        inline.pass()
        #expect(inline.run.status.pipelineSpec == nil)
        #expect(inline.plan.ready.first?.pipeline == "shop-1")
    }

    @Test func `a missing Pipeline waits, and the run starts once it is there`() throws {
        var driver = try RunDriver(PipelineSpec([stage("a")]), ref: "shop")
        let graph = driver.graph
        driver.graph = nil
        driver.obstacle = .pipelineNotFound("there is no pipeline `shop`")
        driver.pass()
        #expect(driver.accepted == "False/PipelineNotFound")
        #expect(driver.outcome == "Unknown/PipelineNotFound")
        #expect(!driver.run.status.isFinished)
        driver.graph = graph
        driver.obstacle = nil
        driver.pass(after: 5)
        #expect(driver.ready == ["a"])
        #expect(driver.accepted == "True/Accepted")
    }

    @Test func `nothing waits for ever: before the start the timeout counts from the creation`() throws {
        var driver = try RunDriver(PipelineSpec([stage("a")]), ref: "shop")
        driver.obstacle = .pipelineNotFound("there is no pipeline `shop`")
        driver.graph = nil
        driver.pass()
        #expect(driver.plan.lookAgain == RunDriver.start.adding(seconds: 86_400))
        driver.pass(after: 86_400)
        #expect(driver.outcome == "False/RunTimeout")
        #expect(driver.run.status.isFinished)
    }

    @Test func `an invalid spec also sets Succeeded to False, for good`() throws {
        var driver = try RunDriver(PipelineSpec([stage("a")]))
        driver.obstacle = .invalid("stages[0].needs[0]: there is no stage `b`")
        driver.pass()
        #expect(driver.accepted == "False/InvalidSpec")
        #expect(driver.outcome == "False/InvalidSpec")
        #expect(driver.run.status.succeeded?.message == "stages[0].needs[0]: there is no stage `b`")
        #expect(driver.run.status.completionTime == RunDriver.start)
        driver.obstacle = nil
        driver.pass(after: 5)
        #expect(driver.outcome == "False/InvalidSpec")
    }

    @Test func `an invalid run whose spec the user has changed is looked at again`() throws {
        var driver = try RunDriver(PipelineSpec([stage("a")]))
        driver.obstacle = .invalid("no")
        driver.pass()
        driver.obstacle = nil
        driver.run.metadata.generation = 2
        driver.pass()
        #expect(driver.ready == ["a"])
        #expect(driver.run.status.completionTime == nil)
    }

    @Test(arguments: [
        ("a param without default that is missing", [], "False/InvalidSpec"),
        ("a param that is given", [Param(name: "env", value: "prod")], "Unknown/Active"),
        (
            "a param that the pipeline hasn't",
            [Param(name: "env", value: "prod"), Param(name: "color", value: "red")], "False/InvalidSpec"
        ),
    ])
    func params(name: String, params: [Param], outcome: String) throws {
        let spec = PipelineSpec(
            [stage("a")], params: [ParamSpec(name: "env"), ParamSpec(name: "colour", default: "blue")])
        var driver = try RunDriver(spec, params: params)
        driver.pass()
        #expect(driver.outcome == outcome, "\(name)")
        if params.count == 2 {
            #expect(driver.run.status.succeeded?.message.contains("did you mean `colour`?") == true)
        }
    }

    @Test(arguments: [
        (Obstacle.pipelineSuspended("x"), "Unknown/PipelineSuspended"),
        (Obstacle.concurrencyLimit("x"), "Unknown/ConcurrencyLimit"),
        (Obstacle.concurrencyRejected("x"), "False/ConcurrencyRejected"),
        (Obstacle.superseded("x"), "False/Superseded"),
    ])
    func `what keeps a valid run from starting leaves it accepted`(obstacle: Obstacle, outcome: String) throws {
        var driver = try RunDriver(PipelineSpec([stage("a")]))
        driver.obstacle = obstacle
        driver.pass()
        #expect(driver.accepted == "True/Accepted")
        #expect(driver.outcome == outcome)
        #expect(driver.run.status.startTime == nil)
        #expect(driver.plan.ready.isEmpty)
    }

    @Test func `a started run goes on though its pipeline is suspended or gone`() throws {
        var driver = try RunDriver(PipelineSpec([stage("a"), stage("b", needs: ["a"])]), ref: "shop")
        driver.pass()
        for obstacle in [Obstacle.pipelineSuspended("x"), .pipelineNotFound("x")] {
            driver.obstacle = obstacle
            driver.pass()
            #expect(driver.ready == ["a"])
        }
        driver.perform("a")
        #expect(driver.ready == ["b"])
    }

    @Test func `a run cancelled before it started ends at once and runs nothing`() throws {
        var driver = try RunDriver(PipelineSpec([stage("a")], finally: [stage("f")]))
        driver.want(.cancelled)
        #expect(driver.outcome == "False/Cancelled")
        #expect(driver.run.status.stages.isEmpty)
        driver.want(.running)
        #expect(driver.outcome == "False/Cancelled")
        driver.rerun()
        #expect(driver.ready == ["a"])
        #expect(driver.run.status.observedRerun == 1)
    }

    @Test func `a run made paused starts when it is let go`() throws {
        var driver = try RunDriver(PipelineSpec([stage("a")]))
        driver.want(.paused)
        #expect(driver.outcome == "Unknown/Paused")
        driver.want(.running)
        #expect(driver.ready == ["a"])
    }

    // MARK: The source

    @Test func `a ref is resolved once, before the first assignment`() throws {
        var driver = try RunDriver(PipelineSpec([stage("a"), stage("b", needs: ["a"])]))
        driver.source = .unresolved(url: "https://h/r", ref: "main")
        driver.pass()
        #expect(driver.plan.wantsSource)
        #expect(driver.ready.isEmpty)
        #expect(driver.states == ["a Waiting", "b Pending"])
        #expect(driver.reason("a") == Reason.resolvingSource)
        #expect(driver.message("a") == "resolving `main` of https://h/r")
        driver.source = .retrying("the host doesn't answer")
        driver.pass()
        #expect(driver.message("a").contains("the host doesn't answer"))
        driver.source = .resolved(ResolvedSource(url: "https://h/r", revision: "c0ffee"))
        driver.pass()
        #expect(!driver.plan.wantsSource)
        #expect(driver.ready == ["a"])
        driver.source = .resolved(ResolvedSource(url: "https://h/r", revision: "another"))
        driver.pass()
        #expect(driver.run.status.source?.revision == "c0ffee")
        #expect(driver.plan.ready.first?.repository == "h/r")
    }

    @Test func `a source that can't be resolved fails the run`() throws {
        var driver = try RunDriver(PipelineSpec([stage("a"), stage("b", needs: ["a"])], finally: [stage("f")]))
        driver.source = .failed("no branch `mian`")
        driver.pass()
        #expect(driver.outcome == "False/SourceUnavailable")
        #expect(driver.run.status.succeeded?.message.contains("no branch `mian`") == true)
        #expect(driver.states == ["a Skipped", "b Skipped", "f Skipped"])
        #expect(driver.reason("f") == Reason.sourceUnavailable)
        driver.source = .unresolved(url: "https://h/r", ref: "main")
        driver.rerun()
        #expect(driver.plan.wantsSource)
        #expect(driver.states == ["a Waiting", "b Pending", "f Pending"])
    }

    @Test func `an approval doesn't wait for the source`() throws {
        var driver = try RunDriver(PipelineSpec([approval("ask"), stage("a", needs: ["ask"])]))
        driver.source = .unresolved(url: "https://h/r", ref: nil)
        driver.pass()
        #expect(driver.plan.wantsSource)
        #expect(driver.reason("ask") == Reason.approvalPending)
    }

    // MARK: A changed spec

    @Test func `a run whose spec is changed before it starts waits until that is put back`() throws {
        var driver = try RunDriver(PipelineSpec([stage("a")]), ref: "shop")
        driver.obstacle = .specChanged("put the spec back")
        driver.pass()
        #expect(driver.accepted == "False/SpecChanged")
        #expect(driver.outcome == "Unknown/SpecChanged")
        #expect(driver.run.status.succeeded?.message == "put the spec back")
        #expect(!driver.run.status.isFinished)
        #expect(driver.ready.isEmpty)
        #expect(driver.plan.lookAgain == RunDriver.start.adding(seconds: 86_400))
        driver.obstacle = nil
        driver.pass(after: 60)
        #expect(driver.accepted == "True/Accepted")
        #expect(driver.ready == ["a"])
    }

    @Test func `a changed spec that nobody puts back before the start ends with the run's time, or with a cancel`()
        throws
    {
        var driver = try RunDriver(PipelineSpec([stage("a")]), ref: "shop")
        driver.obstacle = .specChanged("put the spec back")
        driver.pass()
        var cancelled = driver
        driver.pass(after: 86_400)
        #expect(driver.outcome == "False/RunTimeout")
        cancelled.want(.cancelled)
        #expect(cancelled.outcome == "False/Cancelled")
    }

    @Test func `a rerun of a run whose spec was changed after it had ended unstarted waits, too`() throws {
        var driver = try RunDriver(PipelineSpec([stage("a")]), ref: "shop")
        driver.want(.cancelled)
        #expect(driver.outcome == "False/Cancelled")
        driver.obstacle = .specChanged("put the spec back")
        driver.rerun()
        #expect(driver.outcome == "Unknown/SpecChanged")
        #expect(!driver.run.status.isFinished)
        driver.obstacle = nil
        driver.pass()
        #expect(driver.ready == ["a"])
    }

    @Test func `while its spec is changed nothing new starts, and what runs counts`() throws {
        var driver = try RunDriver(PipelineSpec([stage("a"), stage("b", needs: ["a"]), stage("c")]))
        driver.pass()
        driver.bind("a")
        driver.claim("a")
        driver.obstacle = .specChanged("put the spec back")
        driver.pass()
        #expect(driver.accepted == "False/SpecChanged")
        #expect(driver.ready.isEmpty)
        #expect(driver.reason("c") == Reason.specChanged)
        driver.finish("a")
        #expect(driver.state("a") == .succeeded)
        #expect(driver.ready.isEmpty)
        driver.obstacle = nil
        driver.pass()
        #expect(driver.ready == ["b", "c"])
        #expect(driver.accepted == "True/Accepted")
    }
}
