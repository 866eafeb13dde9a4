import Model
import Testing

@testable import Simulation

struct CapacityTests {
    /// `lint` and `build`, which needs it.
    private static var pipeline: PipelineSpec {
        var spec = PipelineSpec()
        var lint = StageSpec(name: "lint", run: "true")
        lint.agent = "lint"
        var build = StageSpec(name: "build", needs: ["lint"], run: "true")
        build.agent = "build"
        spec.stages = [lint, build]
        return spec
    }

    private static func plan(builders: Int, runs: Int) -> CapacityPlan {
        var plan = CapacityPlan(name: "p", pipeline: pipeline)
        plan.agents = [AgentPlan(name: "l", kinds: ["lint"], slots: 10)]
        for number in 0..<builders { plan.agents.append(AgentPlan(name: "b\(number)", kinds: ["build"], slots: 1)) }
        plan.seconds = ["lint": 10, "build": 600]
        plan.runs = runs
        return plan
    }

    @Test("runs take as long as the narrow place lets them", arguments: [(1, 1, 610), (1, 4, 2410), (2, 4, 1210)])
    func makespan(_ builders: Int, _ runs: Int, _ seconds: Double) throws {
        let report = simulate(Self.plan(builders: builders, runs: runs))
        #expect(report.violations.isEmpty)
        #expect(report.succeeded == runs)
        #expect(abs(report.makespan - seconds) < 2)
        let build = try #require(report.kinds.last)
        #expect(build.kind == "build" && build.slots == builders && build.attempts == runs)
        #expect(abs(build.utilisation - 600 * Double(runs) / seconds / Double(builders)) < 0.01)
        #expect(report.bottleneck?.kind == "build")
    }

    @Test("waits are those of a queue")
    func waits() throws {
        let report = simulate(Self.plan(builders: 1, runs: 4))
        let build = try #require(report.kinds.last)
        #expect(abs(build.wait.p50 - 600) < 2)
        #expect(abs(build.wait.p95 - 1800) < 2)
        #expect(report.kinds[0].wait.p95 < 1)
    }

    @Test("runs come at the rate that is given")
    func rate() {
        var plan = Self.plan(builders: 8, runs: 200)
        plan.runsPerHour = 20
        let report = simulate(plan)
        #expect(report.succeeded == 200)
        #expect((16...25).contains(report.runsPerHour))
        #expect(report.bottleneck == nil)
        #expect(simulate(plan) == report)
    }

    @Test("what no agent could take, and what nothing is said of, is named")
    func complaints() {
        var plan = CapacityPlan(name: "p", pipeline: Self.pipeline)
        plan.agents = [AgentPlan(name: "l", kinds: ["lint"], slots: 1)]
        plan.seconds = ["lint": 1, "bild": 3]
        #expect(plan.hopeless == ["build: build"])
        #expect(plan.unnamed == ["build"])
        #expect(plan.unknown == ["bild"])
    }

    @Test("a result that another stage looks at is there")
    func results() {
        var plan = Self.plan(builders: 1, runs: 1)
        plan.pipeline.stages[1].env = [EnvironmentVariable(name: "A", value: "$(stages.lint.results.files) x")]
        plan.pipeline.stages[0].secrets = [SecretUse()]
        let report = simulate(plan)
        #expect(report.failures.isEmpty)
        #expect(report.succeeded == 1)
    }

    @Test("a stage that takes longer than its timeout fails, as it would")
    func timeout() {
        var plan = Self.plan(builders: 1, runs: 1)
        plan.pipeline.stages[1].timeoutSeconds = 60
        let report = simulate(plan)
        #expect(report.failed == 1)
        #expect(report.failures.first?.hasPrefix("StageFailed") == true)
    }
}
