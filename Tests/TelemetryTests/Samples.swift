import Model
import Telemetry

/// A run that tests move on.
func run(_ name: String = "r", uid: String = "u1") -> PipelineRun {
    var spec = PipelineRunSpec()
    var pipeline = PipelineSpec()
    var matrix = StageSpec(name: "matrix")
    matrix.agent = "arm"
    var approval = StageSpec(name: "ask")
    approval.approval = Approval()
    pipeline.stages = [StageSpec(name: "lint"), StageSpec(name: "deploy"), matrix, approval]
    spec.pipelineSpec = pipeline
    return PipelineRun(metadata: Metadata(name: name, uid: uid, creationTimestamp: at(0)), spec: spec)
}

func at(_ seconds: Int64, milliseconds: Int64 = 0) -> Timestamp {
    Timestamp(microseconds: (1_800_000_000 + seconds) * 1_000_000 + milliseconds * 1000)
}

extension PipelineRun {
    func started(_ seconds: Int64, _ stages: StageStatus...) -> PipelineRun {
        var run = self
        run.status.startTime = at(seconds)
        run.status.completionTime = nil
        run.status.stages = stages
        return run
    }

    func ended(_ seconds: Int64, _ reason: String, _ succeeded: Condition.Status, _ message: String = "") -> PipelineRun
    {
        var run = self
        run.status.completionTime = at(seconds)
        run.status.conditions.set(Condition.succeeded, succeeded, reason: reason, message: message, at: at(seconds))
        return run
    }
}

func stage(
    _ id: String, _ state: StageStatus.State, attempt: Int = 0, started: Int64? = nil, ended: Int64? = nil,
    _ reason: String? = nil, message: String? = nil, failures: Int = 0, losses: Int = 0
) -> StageStatus {
    var stage = StageStatus(id: id, state: state)
    stage.attempt = attempt
    stage.startTime = started.map { at($0) }
    stage.completionTime = ended.map { at($0) }
    stage.reason = reason
    stage.message = message
    stage.failures = failures
    stage.losses = losses
    return stage
}
