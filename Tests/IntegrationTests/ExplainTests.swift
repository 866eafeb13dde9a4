import Document
import Model
import Testing

/// `martlet explain` beside a living controller with agents of other processes, and without one.
@Suite(.serialized, .timeLimit(.minutes(1))) struct ExplainTests {
    private func gates(_ home: Home, _ run: String, _ stage: String) async throws -> [Node] {
        let ending = try await home.martlet("explain", run, stage, "--json")
        guard ending.code == 0 else { throw Unmet("explain failed: \(ending.errors)") }
        let node = try parseJSON(Array(ending.output.utf8))
        return try #require(node["stages"]?.array?.first?["gates"]?.array)
    }

    private func verdicts(_ gates: [Node]) -> [String] {
        gates.flatMap { $0["agents"]?.array ?? [] }.map {
            "\($0["agent"]?.string ?? "") \($0["kind"]?.string ?? "")"
        }
    }

    @Test("each agent has its own reason, live; without a controller the status has the word")
    func agents() async throws {
        try await withHome { home in
            let held = "\(home.enter)\n\(try home.wait(at: "gate"))"
            try home.write(
                Manifest.run(
                    "work",
                    [
                        Stage("first", script: held), Stage("second", script: held),
                        Stage("picky", "agentSelector: {arch: arm64}", script: "true"),
                        Stage("never", needs: ["first"], "agent: gpu", script: "true"),
                    ]), to: "manifests/work.yaml")
            let controller = try await home.controller()
            let one = try home.agent("shell", "--slots", "1")
            try await home.began("first")
            // Both have been looked at by the scheduler.
            try await home.run("work") {
                $0.status[stage: "second"]?.reason == "AgentsBusy" && $0.status[stage: "picky"]?.reason == "NoAgent"
            }
            let second = try await gates(home, "work", "second")
            #expect(second.map { $0["kind"]?.string } == ["AgentsBusy"])
            #expect(verdicts(second) == ["shell Busy"])
            #expect(verdicts(try await gates(home, "work", "picky")) == ["shell LacksLabels"])
            let never = try await gates(home, "work", "never")
            #expect(never.map { $0["kind"]?.string } == ["WaitingForNeeds", "NoAgent"])
            // What an agent says of itself is heard at once.
            one.send(15)
            try await one.errors.line("draining")
            var drains = try await gates(home, "work", "second")
            while verdicts(drains) != ["shell Draining"] { drains = try await gates(home, "work", "second") }
            try await controller.crash()
            let alone = try await gates(home, "work", "second")
            #expect(alone.map { $0["kind"]?.string } == ["NoController", "Queued"])
            #expect(alone.allSatisfy { $0["unblock"]?.string?.isEmpty == false })
        }
    }

    @Test("a stage or a run that isn't there is answered with the nearest")
    func unknown() async throws {
        try await withHome { home in
            try home.write(Manifest.run("work", [Stage("first", script: "true")]), to: "work.yaml")
            #expect(try await home.martlet("run", "work.yaml").code == 0)
            let wrong = try await home.martlet("explain", "work", "frist")
            #expect(wrong.code == 1)
            #expect(wrong.errors.contains("did you mean `first`?"))
            let ended = try await home.martlet("explain", "work")
            #expect(ended.code == 0)
            #expect(ended.output.contains("✓ first  Succeeded"))
        }
    }
}
