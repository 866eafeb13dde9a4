import Model
import TestSupport

/// Makes pipelines of every shape that the planner knows.
struct RandomPipeline {
    var random: SeededGenerator

    mutating func spec() -> PipelineSpec {
        var spec = PipelineSpec()
        spec.params = [ParamSpec(name: "env", default: "prod")]
        spec.timeoutSeconds = pick([300, 3600, 86_400])
        let count = Int.random(in: 1...7, using: &random)
        for number in 0..<count { spec.stages.append(stage("s\(number)", after: spec.stages)) }
        for number in 0..<Int.random(in: 0...2, using: &random) {
            var last = stage("f\(number)", after: spec.finally, mayAsk: false)
            if random.chance(30), let first = spec.stages.first, first.matrix == nil, first.approval == nil {
                last.when.append(WhenClause("$(stages.\(first.name).results.r)", .isNotIn, ["x"]))
            }
            spec.finally.append(last)
        }
        // The order of the file needn't be that of the needs.
        spec.stages.shuffle(using: &random)
        return spec
    }

    private mutating func pick<Value>(_ values: [Value]) -> Value {
        values[Int.random(in: values.indices, using: &random)]
    }

    private mutating func stage(_ name: String, after others: [StageSpec], mayAsk: Bool = true) -> StageSpec {
        var stage = StageSpec(name: name)
        for other in others where random.chance(35) { stage.needs.append(other.name) }
        if random.chance(20) { stage.onFailure = .continue }
        if random.chance(20) {
            stage.when = [WhenClause("$(params.env)", random.chance(50) ? .isIn : .isNotIn, ["prod"])]
        }
        if random.chance(15) { stage.timeoutSeconds = pick([10, 60]) }
        if mayAsk, random.chance(12) {
            stage.approval = Approval()
            return stage
        }
        stage.run = "true"
        if random.chance(35) {
            stage.retry = Retry()
            stage.retry?.limit = Int.random(in: 0...2, using: &random)
            stage.retry?.backoffSeconds = pick([0, 1, 30])
            if random.chance(30) { stage.retry?.reasons = [.failure] }
        }
        if random.chance(25) {
            stage.matrix = Matrix()
            stage.matrix?.axes = [MatrixAxis(name: "v", values: ["1", "2", "3"])]
            if random.chance(50) { stage.matrix?.axes.append(MatrixAxis(name: "w", values: ["a", "b"])) }
            if random.chance(40) { stage.matrix?.exclude = [["v": "2"]] }
            if random.chance(40) { stage.matrix?.maxParallel = Int.random(in: 1...2, using: &random) }
            if random.chance(40) { stage.matrix?.failFast = .disabled }
            if random.chance(30) { stage.when.append(WhenClause("$(matrix.v)", .isNotIn, ["3"])) }
        }
        // A result that some stages give and others don't, and that a skipped one can't.
        if let source = others.first(where: { stage.needs.contains($0.name) && $0.matrix == nil && $0.approval == nil }
        ),
            random.chance(25)
        {
            stage.env = [EnvironmentVariable(name: "R", value: "$(stages.\(source.name).results.r)")]
        }
        return stage
    }
}
