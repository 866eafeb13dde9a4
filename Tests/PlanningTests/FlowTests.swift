import Model
import Testing

@testable import Planning

@Suite("What happens when")
struct FlowTests {
    @Test func `stages run as their needs end, and the run succeeds`() throws {
        var driver = try RunDriver(
            PipelineSpec([
                stage("lint"), stage("test", needs: ["lint"]), stage("scan", needs: ["lint"]),
                stage("ship", needs: ["test", "scan"]),
            ]))
        driver.pass()
        driver.perform("lint")
        #expect(driver.ready == ["test", "scan"])
        #expect(driver.run.status.progress == "1/4")
        driver.perform("scan")
        #expect(driver.ready == ["test"])
        #expect(driver.message("ship") == "waits for `test`")
        driver.perform("test")
        driver.perform("ship", message: "shipped")
        #expect(driver.outcome == "True/Succeeded")
        #expect(driver.run.status.progress == "4/4")
        #expect(driver.run.status.completionTime == driver.now)
        #expect(driver.message("ship") == "shipped")
        #expect(
            driver.plan.happenings == [
                .stageEnded(stage: "ship", state: .succeeded, reason: "Succeeded", message: "shipped"),
                .runEnded(succeeded: true, reason: "Succeeded", message: "4 stages succeeded"),
            ])
    }

    // MARK: Halt and Continue

    @Test func `Halt: nothing further starts, running stages finish, the run fails`() throws {
        var driver = try RunDriver(
            PipelineSpec([
                stage("lint"), stage("test"), stage("docs"), stage("ship", needs: ["lint"]),
                stage("tell", needs: ["ship"]), stage("pack", needs: ["test"]),
            ]))
        driver.pass()
        driver.bind("test")
        driver.claim("test")
        driver.perform("lint", .failed, message: "2 findings")
        #expect(
            driver.states == [
                "lint Failed", "test Running", "docs Skipped", "ship Skipped", "tell Skipped", "pack Skipped",
            ])
        #expect(driver.reason("docs") == Reason.halted)
        #expect(driver.reason("ship") == Reason.needFailed)
        #expect(driver.reason("tell") == Reason.needFailed)
        #expect(driver.reason("pack") == Reason.halted)
        #expect(driver.plan.stops.isEmpty)
        #expect(driver.outcome == "Unknown/Active")
        driver.finish("test")
        #expect(driver.state("test") == .succeeded)
        #expect(driver.outcome == "False/StageFailed")
        #expect(driver.run.status.succeeded?.message == "`lint` failed: 2 findings")
    }

    @Test func `Continue: what needs the stage goes on, and the run completes with failures`() throws {
        var driver = try RunDriver(
            PipelineSpec([stage("lint") { $0.onFailure = .continue }, stage("ship", needs: ["lint"])]))
        driver.pass()
        driver.perform("lint", .failed)
        #expect(driver.ready == ["ship"])
        driver.perform("ship")
        #expect(driver.outcome == "True/CompletedWithFailures")
    }

    @Test func `a stage that is tried again halts nothing until it has failed for good`() throws {
        var driver = try RunDriver(PipelineSpec([stage("a") { $0.retry = retry(1) }, stage("b")]))
        driver.pass()
        driver.perform("a", .failed)
        #expect(driver.states == ["a Waiting", "b Queued"])
        driver.pass(after: 10)
        driver.perform("a", .failed)
        #expect(driver.states == ["a Failed", "b Skipped"])
    }

    @Test func `a stage that waits to be tried again when the run halts has failed, with its own error`() throws {
        var driver = try RunDriver(
            PipelineSpec([stage("a") { $0.retry = retry(3) }, stage("b"), stage("c"), stage("d", needs: ["a"])]))
        driver.pass()
        driver.bind("c")
        driver.perform("a", .failed, message: "flaky")
        driver.perform("b", .failed, message: "broken")
        #expect(driver.states == ["a Failed", "b Failed", "c Assigned", "d Skipped"])
        #expect(driver.reason("a") == Reason.halted)
        #expect(
            driver.message("a")
                == "failed 1 of 4 times (Failure), not tried again (`b` failed, so nothing further starts): flaky")
        #expect(driver.run.status.succeeded?.message == "`b` failed, 1 running")
        #expect(driver.reason("d") == Reason.needFailed)
        driver.claim("c")
        driver.finish("c")
        #expect(driver.outcome == "False/StageFailed")
        #expect(driver.run.status.succeeded?.message == "`b` failed: broken")
    }

    @Test func `a stage whose back-off is over when the run halts says how often it has failed`() throws {
        var driver = try RunDriver(PipelineSpec([stage("a") { $0.retry = retry(3) }, stage("b")]))
        driver.pass()
        driver.bind("b")
        driver.perform("a", .failed, message: "flaky")
        driver.pass(after: 60)
        #expect(driver.ready == ["a"])
        driver.claim("b")
        driver.finish("b", .failed, message: "broken")
        #expect(driver.state("a") == .failed)
        #expect(driver.reason("a") == Reason.halted)
        #expect(driver.message("a") == "failed 1 time, not tried again: `b` failed, so nothing further starts")
        #expect(driver.run.status.succeeded?.message == "`b` failed: broken")
    }

    @Test func `what is left out because the run halts names the stage that failed for good`() throws {
        var driver = try RunDriver(
            PipelineSpec([stage("a") { $0.retry = retry(3) }, stage("b"), stage("c"), approval("ask", needs: ["c"])]))
        driver.pass()
        driver.bind("c")
        driver.claim("c")
        driver.perform("a", .failed)
        driver.perform("b", .failed)
        driver.finish("c")
        #expect(driver.message("ask") == "`b` failed, so nothing further starts")
        #expect(driver.run.status.succeeded?.message == "`b` failed: Failure")
    }

    @Test func `a stage that isn't tried again keeps no matrix from going through its combinations`() throws {
        var driver = try RunDriver(
            PipelineSpec([
                stage("a") { $0.retry = retry(3) },
                matrix("m", [MatrixAxis(name: "v", values: ["1", "2", "3"])]) {
                    $0.matrix?.failFast = .disabled
                    $0.matrix?.maxParallel = 1
                },
            ]))
        driver.pass()
        driver.perform("a", .failed)
        driver.perform("m.0", .failed, message: "first")
        #expect(driver.states == ["a Failed", "m.0 Failed", "m.1 Queued", "m.2 Waiting"])
        driver.perform("m.1")
        driver.perform("m.2")
        #expect(driver.outcome == "False/StageFailed")
        #expect(driver.run.status.succeeded?.message.hasPrefix("`m[v=1]` failed: first") == true)
    }

    @Test func `a combination that waits to be tried again when another one fails keeps its own error`() throws {
        var driver = try RunDriver(
            PipelineSpec([
                matrix("m", [MatrixAxis(name: "v", values: ["1", "2"])]) { $0.retry = retry(1, [.failure]) }
            ]))
        driver.pass()
        driver.perform("m.0", .failed, message: "flaky")
        driver.bind("m.1")
        driver.pass([driver.report("m.1", .finished(StageOutcome(.timedOut, message: "slow")))])
        #expect(driver.states == ["m.0 Failed", "m.1 Failed"])
        #expect(driver.reason("m.0") == Reason.failFast)
        #expect(
            driver.message("m.0")
                == "failed 1 of 2 times (Failure), not tried again (another combination of `m` failed): flaky")
        #expect(driver.run.status.succeeded?.message == "`m[v=2]` failed: slow")
    }

    @Test(arguments: [Reason.halted, Reason.failFast, Reason.needFailed, Reason.needSkipped])
    func `an agent's word for a failure is never taken for the planner's own`(reason: String) throws {
        var driver = try RunDriver(PipelineSpec([stage("a"), stage("b")]))
        driver.pass()
        driver.bind("a")
        var outcome = StageOutcome(.failed, message: "broken")
        outcome.reason = reason
        driver.pass([driver.report("a", .finished(outcome))])
        #expect(driver.reason("a") == Reason.failure)
        #expect(driver.states == ["a Failed", "b Skipped"])
        #expect(driver.run.status.succeeded?.message == "`a` failed: broken")
    }

    @Test func `after a rerun all of them run again`() throws {
        var driver = try RunDriver(PipelineSpec([stage("a") { $0.retry = retry(3) }, stage("b"), stage("c")]))
        driver.pass()
        driver.bind("c")
        driver.claim("c")
        driver.perform("a", .failed)
        driver.perform("b", .failed)
        driver.finish("c")
        driver.rerun()
        #expect(driver.ready == ["a", "b"])
        driver.perform("a")
        driver.perform("b")
        #expect(driver.outcome == "True/Succeeded")
    }

    // MARK: Skipping

    @Test func `a stage that its own when leaves out lets what needs it run`() throws {
        var driver = try RunDriver(
            PipelineSpec(
                [stage("a") { $0.when = [WhenClause("$(params.env)", .isIn, ["prod"])] }, stage("b", needs: ["a"])],
                params: [ParamSpec(name: "env", default: "test")]))
        driver.pass()
        #expect(driver.states == ["a Skipped", "b Queued"])
        #expect(driver.reason("a") == Reason.whenNotMet)
        driver.perform("b")
        #expect(driver.outcome == "True/Succeeded")
    }

    @Test(arguments: [
        ([WhenClause("$(params.env)", .isIn, ["prod", "test"])], true),
        ([WhenClause("$(params.env)", .isNotIn, ["prod"])], true),
        ([WhenClause("$(params.env)", .isNotIn, ["test"])], false),
        ([WhenClause("$(params.env)", .isIn, ["$(params.env)"])], true),
        ([WhenClause("x", .isIn, ["x"]), WhenClause("x", .isIn, ["y"])], false),
        ([WhenClause("$(source.branch)", .isIn, ["main"])], true),
        ([WhenClause("$(source.tag)", .isIn, [""])], true),
        ([WhenClause("$$(params.env)", .isIn, ["$$(params.env)"])], true),
    ])
    func `all clauses of when must hold`(clauses: [WhenClause], holds: Bool) throws {
        var driver = try RunDriver(
            PipelineSpec([stage("a") { $0.when = clauses }], params: [ParamSpec(name: "env", default: "test")]))
        driver.run.spec.source = RunSource()
        driver.run.spec.source?.ref = "refs/heads/main"
        driver.source = .resolved(ResolvedSource(url: "https://h/r", revision: "c0ffee"))
        driver.pass()
        #expect(driver.state("a") == (holds ? .queued : .skipped))
    }

    @Test func `when may look at results once the stage that gives them has ended`() throws {
        let clause = WhenClause("$(stages.check.results.changed)", .isIn, ["yes"])
        var driver = try RunDriver(
            PipelineSpec([stage("check"), stage("a", needs: ["check"]) { $0.when = [clause] }]))
        driver.pass()
        driver.perform("check", results: [Param(name: "changed", value: "yes")])
        #expect(driver.ready == ["a"])
    }

    @Test(arguments: ["when", "env", "with"])
    func `a reference without a value fails the stage`(field: String) throws {
        let reference = "$(stages.check.results.changed)"
        var driver = try RunDriver(
            PipelineSpec([
                stage("check"),
                stage("a", needs: ["check"]) {
                    switch field {
                    case "when": $0.when = [WhenClause(reference, .isIn, ["yes"])]
                    case "env": $0.env = [EnvironmentVariable(name: "X", value: reference)]
                    default: $0.with["x"] = reference
                    }
                }, stage("b", needs: ["check"]),
            ]))
        driver.pass()
        driver.perform("check")
        #expect(driver.states == ["check Succeeded", "a Failed", "b Skipped"])
        #expect(driver.reason("a") == Reason.unresolvedReference)
        #expect(driver.message("a") == "`$(stages.check.results.changed)` has no value")
        #expect(driver.outcome == "False/StageFailed")
    }

    @Test func `a value that is too long with its references replaced fails the stage`() throws {
        var driver = try RunDriver(
            PipelineSpec(
                [stage("a") { $0.env = [EnvironmentVariable(name: "X", value: "$(params.p)$(params.p)")] }],
                params: [ParamSpec(name: "p", default: String(repeating: "x", count: 4000))]))
        driver.pass()
        #expect(driver.reason("a") == Reason.valueTooLarge)
    }

    // MARK: Matrices

    private let axis = MatrixAxis(name: "v", values: ["1", "2", "3", "4"])

    @Test func `at most maxParallel combinations run at once`() throws {
        var driver = try RunDriver(PipelineSpec([matrix("t", [axis]) { $0.matrix?.maxParallel = 2 }]))
        driver.pass()
        #expect(driver.ready == ["t.0", "t.1"])
        #expect(driver.reason("t.2") == Reason.maxParallel)
        driver.bind("t.0")
        driver.bind("t.1")
        driver.pass()
        #expect(driver.ready.isEmpty)
        driver.claim("t.0")
        driver.finish("t.0")
        #expect(driver.ready == ["t.2"])
    }

    @Test func `the first combination to fail keeps the others from starting`() throws {
        var driver = try RunDriver(
            PipelineSpec([matrix("t", [axis]) { $0.onFailure = .continue }, stage("b", needs: ["t"])]))
        driver.pass()
        driver.bind("t.1")
        driver.claim("t.1")
        driver.perform("t.0", .failed)
        #expect(driver.states == ["t.0 Failed", "t.1 Running", "t.2 Skipped", "t.3 Skipped", "b Pending"])
        #expect(driver.reason("t.2") == Reason.failFast)
        driver.finish("t.1")
        #expect(driver.ready == ["b"])
    }

    @Test func `with failFast Disabled the others run though the run fails`() throws {
        var driver = try RunDriver(
            PipelineSpec([
                matrix("t", [axis]) { $0.matrix?.failFast = .disabled }, stage("b"), stage("c", needs: ["t"]),
            ]))
        driver.pass()
        driver.perform("t.0", .failed)
        #expect(driver.states == ["t.0 Failed", "t.1 Queued", "t.2 Queued", "t.3 Queued", "b Skipped", "c Skipped"])
        for stage in ["t.1", "t.2", "t.3"] { driver.perform(stage) }
        #expect(driver.outcome == "False/StageFailed")
        #expect(driver.run.status.succeeded?.message == "`t[v=1]` failed: Failure")
    }

    // MARK: finally

    @Test(arguments: [StageOutcome.Result.succeeded, .failed])
    func `finally runs once the others have ended, whatever the outcome`(result: StageOutcome.Result) throws {
        var driver = try RunDriver(
            PipelineSpec([stage("a"), stage("b", needs: ["a"])], finally: [stage("f"), stage("g", needs: ["f"])]))
        driver.pass()
        #expect(driver.message("f") == "runs once all other stages have ended")
        driver.perform("a", result)
        if result == .succeeded { driver.perform("b") }
        #expect(driver.ready == ["f"])
        driver.perform("f")
        driver.perform("g")
        #expect(driver.outcome == (result == .succeeded ? "True/Succeeded" : "False/StageFailed"))
    }

    @Test func `a stage of finally that fails fails the run, but keeps no other from running`() throws {
        var driver = try RunDriver(
            PipelineSpec([stage("a")], finally: [stage("f"), stage("g"), stage("h", needs: ["f"])]))
        driver.pass()
        driver.perform("a")
        driver.perform("f", .failed)
        #expect(driver.states == ["a Succeeded", "f Failed", "g Queued", "h Skipped"])
        driver.perform("g")
        #expect(driver.outcome == "False/StageFailed")
        #expect(driver.run.status.succeeded?.message.hasPrefix("`f` failed") == true)
    }

    @Test func `finally may use results of any stage`() throws {
        let clause = WhenClause("$(stages.a.results.url)", .isNotIn, [""])
        var driver = try RunDriver(PipelineSpec([stage("a")], finally: [stage("f") { $0.when = [clause] }]))
        driver.pass()
        driver.perform("a", results: [Param(name: "url", value: "https://h")])
        #expect(driver.ready == ["f"])
    }

    // MARK: Approvals

    @Test(arguments: [
        (ApprovalDecision.Decision.approved, StageStatus.State.succeeded, "Approved", "True/Succeeded"),
        (.rejected, .failed, "Rejected", "False/StageFailed"),
    ])
    func `an approval waits for a person and needs no agent`(
        decision: ApprovalDecision.Decision, state: StageStatus.State, reason: String, outcome: String
    ) throws {
        var driver = try RunDriver(
            PipelineSpec([stage("a"), approval("ask", needs: ["a"]), stage("b", needs: ["ask"])]))
        driver.pass()
        driver.perform("a")
        #expect(driver.ready.isEmpty)
        #expect(driver.reason("ask") == Reason.approvalPending)
        #expect(driver.message("ask") == "(approve with `martlet approve shop-1 ask`)")
        #expect(driver.run.status.succeeded?.message == "`ask` waits for approval, 1 pending")
        driver.approve("ask", decision, rerun: 1)
        #expect(driver.state("ask") == .waiting)
        driver.approve("ask", decision)
        #expect(driver.state("ask") == state)
        #expect(driver.reason("ask") == reason)
        if decision == .approved { driver.perform("b") }
        #expect(driver.outcome == outcome)
    }

    @Test func `an approval waits without a limit of its own unless one is given`() throws {
        var driver = try RunDriver(PipelineSpec([approval("ask")]))
        driver.pass()
        #expect(driver.plan.lookAgain == RunDriver.start.adding(seconds: 86_400))
        var limited = try RunDriver(PipelineSpec([approval("ask", seconds: 60)]))
        limited.pass()
        #expect(limited.plan.lookAgain == RunDriver.start.adding(seconds: 60))
        limited.pass(after: 59)
        #expect(limited.state("ask") == .waiting)
        limited.pass(after: 1)
        #expect(limited.reason("ask") == Reason.timeout)
        #expect(limited.outcome == "False/StageFailed")
    }

    @Test func `every stage that doesn't run has a reason`() throws {
        var driver = try RunDriver(
            PipelineSpec([stage("a"), approval("ask"), stage("b", needs: ["a"])], finally: [stage("f")]))
        driver.pass()
        for stage in driver.run.status.stages {
            #expect(stage.reason?.isEmpty == false, "\(stage.id)")
            #expect(stage.message?.isEmpty == false, "\(stage.id)")
        }
    }
}
