import Model
import Testing

@testable import Planning

/// Plays the controller, the scheduler and the agents for one run, one pass at a time.
///
/// Every pass is made twice, and the second has to change nothing: planning is settled after one pass.
struct RunDriver {
    static let start = Timestamp(seconds: 1_000_000)

    var run: PipelineRun
    var graph: StageGraph?
    var source = SourceState.none
    var obstacle: Obstacle?
    var now = RunDriver.start
    var plan = Plan(status: PipelineRunStatus())

    init(_ spec: PipelineSpec, params: [Param] = [], ref: String? = nil) throws {
        graph = try StageGraph(spec)
        run = PipelineRun(
            metadata: Metadata(name: "shop-1", uid: "u1", creationTimestamp: RunDriver.start),
            spec: PipelineRunSpec())
        run.metadata.generation = 1
        if let ref {
            run.spec.pipelineRef = PipelineReference(name: ref)
        } else {
            run.spec.pipelineSpec = spec
        }
        run.spec.params = params
    }

    var observation: Observation {
        Observation(run: run, graph: graph, obstacle: obstacle, source: source, now: now)
    }

    /// One pass; the status becomes the stored one.
    @discardableResult
    mutating func pass(_ reports: [StageReport] = [], after seconds: Int = 0) -> Plan {
        now = now.adding(seconds: seconds)
        var observation = observation
        observation.reports = reports
        plan = Planning.plan(for: observation)
        run.status = plan.status
        let again = Planning.plan(for: self.observation)
        #expect(again.status == plan.status, "a second pass must change nothing")
        #expect(again.ready == plan.ready)
        #expect(again.happenings.isEmpty)
        #expect(again.lookAgain == plan.lookAgain)
        #expect(plan.verdicts.count == reports.count)
        return plan
    }

    var ready: [String] { plan.ready.map(\.stage) }
    var stopped: [String] { plan.stops.map(\.fence.description) }
    var states: [String] { run.status.stages.map { "\($0.id) \($0.state.rawValue)" } }

    func state(_ stage: String) -> StageStatus.State? { run.status[stage: stage]?.state }
    func reason(_ stage: String) -> String? { run.status[stage: stage]?.reason }
    func message(_ stage: String) -> String { run.status[stage: stage]?.message ?? "" }

    /// How the run ended: `True/Succeeded`, or `Unknown/Active`.
    var outcome: String {
        run.status.succeeded.map { "\($0.status.rawValue)/\($0.reason)" } ?? "none"
    }

    var accepted: String {
        run.status.conditions[Condition.accepted].map { "\($0.status.rawValue)/\($0.reason)" } ?? "none"
    }

    mutating func bind(_ stage: String, to agent: String = "a1") {
        let attempt = (run.status[stage: stage]?.attempt ?? 0) + 1
        let isBound = Planning.bind(
            &run.status, stage: stage, agent: agent, instance: "\(agent)-i", digest: "d-\(stage)-\(attempt)", now: now)
        #expect(isBound, "\(stage) must be queued to be bound")
    }

    /// A report about the attempt that is stored.
    func report(_ stage: String, _ event: StageReport.Event, attempt: Int? = nil) -> StageReport {
        let status = run.status[stage: stage]
        let number = attempt ?? status?.attempt ?? 0
        return StageReport(
            fence: Fence(run: run.uid, stage: stage, attempt: number), instance: status?.instance ?? "a1-i",
            digest: "d-\(stage)-\(number)", event: event)
    }

    mutating func claim(_ stage: String) {
        pass([report(stage, .claimed(at: now))])
    }

    /// Binds, claims and finishes a stage that is ready.
    mutating func perform(
        _ stage: String, _ result: StageOutcome.Result = .succeeded, message: String? = nil, results: [Param] = []
    ) {
        bind(stage)
        claim(stage)
        finish(stage, result, message: message, results: results)
    }

    mutating func finish(
        _ stage: String, _ result: StageOutcome.Result = .succeeded, message: String? = nil, results: [Param] = []
    ) {
        pass([report(stage, .finished(StageOutcome(result, message: message, results: results)))])
    }

    mutating func approve(_ stage: String, _ decision: ApprovalDecision.Decision = .approved, rerun: Int = 0) {
        run.spec.approvals.append(ApprovalDecision(stage: stage, rerun: rerun, decision: decision))
        pass()
    }

    mutating func want(_ state: PipelineRunSpec.DesiredState) {
        run.spec.desiredState = state
        pass()
    }

    mutating func rerun() {
        run.spec.desiredState = .running
        run.spec.rerunCount += 1
        pass()
    }
}

extension PipelineSpec {
    init(_ stages: [StageSpec], finally: [StageSpec] = [], params: [ParamSpec] = []) {
        self.init()
        self.stages = stages
        self.finally = finally
        self.params = params
    }
}

func stage(
    _ name: String, needs: [String] = [], _ change: (inout StageSpec) -> Void = { _ in }
) -> StageSpec {
    var stage = StageSpec(name: name, needs: needs, run: "true")
    change(&stage)
    return stage
}

func approval(_ name: String, needs: [String] = [], seconds: Int? = nil) -> StageSpec {
    var stage = StageSpec(name: name, needs: needs)
    stage.approval = Approval()
    stage.timeoutSeconds = seconds
    return stage
}

func matrix(
    _ name: String, _ axes: [MatrixAxis], needs: [String] = [], _ change: (inout StageSpec) -> Void = { _ in }
) -> StageSpec {
    var stage = StageSpec(name: name, needs: needs, run: "true")
    stage.matrix = Matrix()
    stage.matrix?.axes = axes
    change(&stage)
    return stage
}

func retry(_ limit: Int, seconds: Int = 10, _ reasons: [Retry.Reason] = [.failure, .timeout]) -> Retry {
    var retry = Retry()
    retry.limit = limit
    retry.backoffSeconds = seconds
    retry.reasons = reasons
    return retry
}
