import Glibc
import Model
import TestSupport
import Testing

/// SIGKILL at every kind of process: no accepted result is lost, no finished stage runs again, and what is still alive
/// elsewhere isn't run again.
@Suite(.serialized, .timeLimit(.minutes(1))) struct KillTests {
    private static let names = ["lint", "test", "build", "ship"]

    /// Four stages, one after another, each of them signing in; one waits at the gate.
    private func chain(
        _ name: String, in home: Home, waiting: String? = nil, script extra: String = "", done: String = "true"
    ) throws -> String {
        let gate = try home.wait(at: "gate")
        return Manifest.run(
            name,
            Self.names.enumerated().map { index, stage in
                let isHeld = stage == waiting
                return Stage(
                    stage, needs: index == 0 ? [] : [Self.names[index - 1]],
                    script: (isHeld ? [extra, home.enter, gate, done] : [home.enter])
                        .filter { !$0.isEmpty }.joined(separator: "\n"))
            })
    }

    @Test("a killed `martlet run` goes on where it was, and nothing of it survives", arguments: names)
    func inside(interrupted: String) async throws {
        try await withHome { home in
            let pulse = try home.pulse("stage")
            let litter = "\(pulse.script)\nsetsid bash -c \"trap '' TERM HUP; sleep 1000\" &"
            try home.write(try chain("chain", in: home, waiting: interrupted, script: litter), to: "chain.yaml")
            let first = try home.start("run", "chain.yaml")
            try await home.began(interrupted)
            try await first.crash()
            // Both the script and what it has put into another session.
            try await pulse.feed.ended()
            let before = try #require(await home.look(at: "chain"))
            try home.release("gate")

            let second = try await home.martlet("run", "chain.yaml")
            #expect(second.code == 0, "\(second)")
            let after = try #require(await home.look(at: "chain"))
            #expect(after.uid == before.uid)
            #expect(after.status.succeeded?.status == .true)
            #expect(after.status.stages.allSatisfy { $0.state == .succeeded && $0.losses == 0 && $0.failures == 0 })
            for stage in Self.names {
                #expect(try home.attempts(of: stage) == (stage == interrupted ? [1, 2] : [1]), "\(stage)")
            }
            for stage in before.status.stages where stage.state == .succeeded {
                #expect(after.status[stage: stage.id] == stage, "a stored result has changed")
            }
        }
    }

    enum Moment: CaseIterable {
        case whileTheControllerIsGone
        case afterItsReturn
    }

    @Test("a killed controller takes the result of a stage whose agent lives", arguments: Moment.allCases)
    func controllerAndBroker(ends moment: Moment) async throws {
        try await withHome { home in
            let pulse = try home.pulse("stage")
            try home.write(
                try chain("chain", in: home, waiting: "test", script: pulse.script), to: "manifests/chain.yaml")
            let first = try await home.controller()
            for kind in ["lint", "test", "build", "shell"] { _ = try home.agent(kind) }
            try await home.began("test")
            // The claim counts once it is stored; killed before that, it is for the agent to say it again.
            try await home.run("chain") { $0.status[stage: "test"]?.state == .running }
            let agent = try #require(try await home.look(at: "chain")?.status[stage: "test"]?.instance)
            try await first.crash()
            if moment == .whileTheControllerIsGone {
                try home.release("gate")
                try await pulse.feed.ended()
            }
            _ = try await home.controller()
            if moment == .afterItsReturn {
                // Any status that the new controller writes; then the stage may end.
                try await home.run("chain") { $0.status[stage: "test"]?.state == .running }
                try home.release("gate")
            }
            let run = try await home.run("chain")
            #expect(run.status.succeeded?.status == .true)
            #expect(run.status.stages.allSatisfy { $0.state == .succeeded && $0.attempt == 1 && $0.losses == 0 })
            #expect(run.status[stage: "test"]?.instance == agent)
            #expect(try home.ledger.map(\.stage) == Self.names)
        }
    }

    @Test("what a killed agent held runs again as another attempt, as soon as the agent is back")
    func agent() async throws {
        try await withHome { home in
            let pulse = try home.pulse("stage")
            try home.write(
                try chain("chain", in: home, waiting: "test", script: pulse.script), to: "manifests/chain.yaml")
            _ = try await home.controller("--agent", "lint", "--agent", "build", "--agent", "shell")
            let first = try home.agent("test")
            let fence = try await home.began("test")
            try await home.run("chain") { $0.status[stage: "test"]?.state == .running }
            try await first.crash()
            try await pulse.feed.ended()
            try home.release("gate")
            _ = try home.agent("test")
            let run = try await home.run("chain")
            let stage = try #require(run.status[stage: "test"])
            #expect(run.status.succeeded?.status == .true)
            #expect(stage.attempt == 2)
            #expect(stage.losses == 1)
            #expect(stage.failures == 0)
            #expect(try home.attempts(of: "test") == [1, 2])
            #expect(fence.attempt == 1)
            for other in Self.names where other != "test" { #expect(try home.attempts(of: other) == [1]) }
        }
    }

    /// The delays are what is tested, not a way to wait: a kill may come at any moment.
    @Test("kills at any moment of `martlet run`, again and again", arguments: [1, 2] as [UInt64])
    func insideAtRandom(seed: UInt64) async throws {
        try await withHome { home in
            var chance = SeededGenerator(seed: seed)
            let names = (0..<6).map { "s\($0)" }
            let stages = names.enumerated().map { index, name in
                Stage(
                    name, needs: index == 0 ? [] : [names[index - 1]],
                    script: home.enter + "\necho \"number=\(index)\" >> \"$MARTLET_RESULTS\"\nsleep 0.1")
            }
            try home.write(Manifest.run("chain", stages), to: "chain.yaml")
            var kept: [StageStatus] = []
            for _ in 0..<5 {
                let child = try home.start("run", "chain.yaml")
                try await Task.sleep(for: .milliseconds(Int.random(in: 50...1800, using: &chance)))
                try await child.crash()
                guard let run = try await home.look(at: "chain") else { continue }
                for stage in kept { #expect(run.status[stage: stage.id] == stage, "seed \(seed)") }
                kept = run.status.stages.filter { $0.state == .succeeded }
            }
            let last = try await home.martlet("run", "chain.yaml")
            #expect(last.code == 0, "seed \(seed): \(last)")
            let run = try #require(await home.look(at: "chain"))
            for stage in kept {
                #expect(run.status[stage: stage.id] == stage, "seed \(seed)")
                #expect(try home.attempts(of: stage.id).last == stage.attempt, "seed \(seed): ran after its end")
            }
            #expect(run.status.stages.map { $0.results.first?.value } == (0..<6).map { "\($0)" })
            #expect(run.status.stages.allSatisfy { $0.losses == 0 && $0.failures == 0 })
            let ledger = try home.ledger
            #expect(Set(ledger).count == ledger.count, "seed \(seed): an attempt was executed twice")
        }
    }

    /// Here too the delays are the test.
    @Test("controllers killed at any moment while agents work on several runs", arguments: [3] as [UInt64])
    func controllerAtRandom(seed: UInt64) async throws {
        try await withHome { home in
            var chance = SeededGenerator(seed: seed)
            let names = ["a", "b", "c", "d"]
            for number in 0..<3 {
                let stages = names.enumerated().map { index, name in
                    Stage(
                        name, needs: index == 0 ? [] : [names[index - 1]],
                        "agent: \(index.isMultiple(of: 2) ? "even" : "odd")", script: home.enter + "\nsleep 0.3")
                }
                try home.write(Manifest.run("run-\(number)", stages), to: "manifests/run-\(number).yaml")
            }
            var controller = try await home.controller()
            for kind in ["even", "odd"] { _ = try home.agent(kind, "--slots", "2") }
            for _ in 0..<4 {
                let count = home.bell.lines.count
                if count < 12 { try await home.bell.count(count + 1) }
                try await Task.sleep(for: .milliseconds(Int.random(in: 0...500, using: &chance)))
                try await controller.crash()
                controller = try await home.controller()
            }
            for number in 0..<3 {
                let run = try await home.run("run-\(number)")
                #expect(run.status.succeeded?.status == .true, "seed \(seed)")
                #expect(run.status.stages.allSatisfy { $0.losses == 0 && $0.failures == 0 }, "seed \(seed)")
                for stage in run.status.stages {
                    #expect(try home.attempts(of: stage.id, run: run.uid).contains(stage.attempt), "seed \(seed)")
                }
            }
            let ledger = try home.ledger
            #expect(Set(ledger).count == ledger.count, "seed \(seed): an attempt was executed twice")
            // All agents lived on: nothing had to be executed a second time.
            #expect(ledger.count == 12, "seed \(seed): \(ledger.map(\.description))")
        }
    }
}
