import ArgumentParser
import Model
import Simulation
import Testing

@testable import martlet

@Suite struct SimulateTests {
    @Test(arguments: [
        ["simulate"], ["simulate", "--seeds", "3", "--faults", "loss,agent-kill", "--json"],
        ["simulate", "--pipeline", "f.yaml", "--agent", "build=2x4", "--agent", "test=1", "--duration", "a=1,b=2"],
    ])
    func isUnderstood(_ words: [String]) throws {
        #expect(try Martlet.parseAsRoot(words) is SimulateCommand)
    }

    @Test(arguments: [
        ["--seeds", "0"], ["--faults", "lost"], ["--agents", "0"], ["--runs", "1001"], ["--controllers", "10"],
        ["--agent", "build=2x4"], ["--rate", "3"], ["--pipeline", "f.yaml"],
        ["--pipeline", "f.yaml", "--agent", "build"], ["--pipeline", "f.yaml", "--agent", "build=0x1"],
        ["--pipeline", "f.yaml", "--agent", "b=1", "--duration", "a"],
        ["--pipeline", "f.yaml", "--agent", "b=1", "--rate", "0"],
    ])
    func isRefusedWithTwo(_ words: [String]) {
        #expect {
            _ = try Martlet.parseAsRoot(["simulate"] + words)
        } throws: { error in
            CommandFailure.code(of: error, in: Martlet.self) == CommandFailure.badInput
        }
    }

    @Test(
        arguments: [
            ("build=2x4", "build", 2, 4, [:]), ("test=3", "test", 3, 1, [:]),
            ("gpu=1x1,arch=arm64,size=", "gpu", 1, 1, ["arch": "arm64", "size": ""]),
        ] as [(String, String, Int, Int, StringMap)])
    func agentsAreReadWithTheirSlotsAndLabels(
        _ text: String, _ kind: String, _ count: Int, _ slots: Int, _ labels: StringMap
    ) throws {
        let fleet = try #require(FleetArgument(argument: text))
        #expect(fleet.kind == kind && fleet.count == count && fleet.slots == slots && fleet.labels == labels)
    }

    @Test(arguments: ["", "build", "build=", "build=x4", "build=2x", "build=2x4x1", "Build=1", "build=1,arch"])
    func otherAgentsAreRefused(_ text: String) {
        #expect(FleetArgument(argument: text) == nil)
    }

    @Test func theNarrowPlaceIsNamed() {
        var spec = PipelineSpec()
        spec.stages = [StageSpec(name: "build", run: "true")]
        var plan = CapacityPlan(name: "p", pipeline: spec)
        plan.agents = [AgentPlan(name: "a", kinds: ["build"], slots: 1)]
        plan.runs = 3
        let answer = CapacityAnswer(plan: plan, report: simulate(plan))
        #expect(
            answer.text == """
                3 runs of p, all at once: done in 3 min 0 s, 60 runs/h
                a run takes 2 min 0 s, nineteen of twenty at most 3 min 0 s

                KIND   AGENTS  SLOTS  STAGES  QUEUED P50  QUEUED P95   BUSY
                build       1      1       3   1 min 0 s   2 min 0 s  100 %

                build is the narrow place: its slots are busy 100 % of the time

                assumed 60 s for build; say otherwise with --duration

                """)
        #expect(answer.json.contains("\"kind\": \"build\""))
    }
}
