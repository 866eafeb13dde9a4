import Glibc
import Model
import Testing

/// Agents that end in order while there is work: an update of all of them, and one in a hurry.
@Suite(.serialized, .timeLimit(.minutes(2))) struct RollTests {
    @Test("a rolling update of all agents under load loses nothing, fails nothing and repeats nothing")
    func rollingUpdate() async throws {
        try await withHome { home in
            _ = try await home.controller()
            func agent(_ number: Int) throws -> Child {
                try home.start("agent", "--kind", "shell", "--agent-id", "roll-\(number)", "--slots", "2")
            }
            var agents = try (0..<3).map { try agent($0) }
            var ended: [Child] = []
            let runs = 40
            let inFlight = 5
            for number in 0..<runs {
                let stages = ["a", "b", "c"].enumerated().map { index, name in
                    Stage(name, needs: index == 2 ? ["a", "b"] : [], script: home.enter + "\nsleep 0.0\(number % 7)")
                }
                try home.write(Manifest.run("run-\(number)", stages), to: "manifests/run-\(number).yaml")
                if number >= inFlight { try await home.run("run-\(number - inFlight)") }
                // Twice each: three agents, and the three that took their places.
                if number % 6 == 5, ended.count < 6 {
                    let old = agents.removeFirst()
                    agents.append(try agent(3 + ended.count))
                    old.send(SIGTERM)
                    ended.append(old)
                }
            }
            #expect(ended.count == 6)
            for old in ended { #expect(try await old.finish().code == 0) }
            let ledger = try home.ledger
            #expect(Set(ledger).count == ledger.count, "an attempt was executed twice")
            for number in 0..<runs {
                let run = try await home.run("run-\(number)")
                #expect(run.status.succeeded?.status == .true, "run-\(number)")
                for stage in run.status.stages {
                    #expect((stage.losses, stage.failures) == (0, 0), "run-\(number) \(stage.id): \(stage)")
                    // Whatever was given to somebody who had no more time for it never began there.
                    #expect(try home.attempts(of: stage.id, run: run.uid) == [stage.attempt], "run-\(number)")
                }
            }
            for agent in agents { #expect(agent.isAlive) }
        }
    }

    @Test("a drained agent takes nothing more, finishes what it runs, and ends well")
    func drain() async throws {
        try await withHome { home in
            let held = "\(home.enter)\n\(try home.wait(at: "gate"))"
            try home.write(
                Manifest.run("work", [Stage("first", script: held), Stage("after", needs: ["first"], script: "true")]),
                to: "manifests/work.yaml")
            _ = try await home.controller()
            let first = try home.start("agent", "--kind", "shell", "--agent-id", "first", "--slots", "3")
            try await home.began("first")
            first.send(SIGTERM)
            try await first.errors.line("draining")
            try home.write(Manifest.run("more", [Stage("next", script: home.enter)]), to: "manifests/more.yaml")
            // It has slots, and nobody else is there: what is new waits, and says why.
            let waiting = try await home.run("more") {
                $0.status[stage: "next"]?.message?.contains("1 draining") == true
            }
            // It may have been offered what came before its word was read, and has declined that.
            let attempt = try #require(waiting.status[stage: "next"]?.attempt)
            #expect(attempt <= 1)
            try home.release("gate")
            #expect(try await first.finish().code == 0)
            #expect(try home.attempts(of: "next") == [])
            #expect(try await home.look(at: "more")?.status[stage: "next"]?.attempt == attempt)
            _ = try home.start("agent", "--kind", "shell", "--agent-id", "second")
            for name in ["work", "more"] { #expect(try await home.run(name).status.succeeded?.status == .true) }
            let work = try #require(try await home.look(at: "work"))
            #expect(work.status[stage: "first"]?.agent == "first")
            #expect(work.status[stage: "after"]?.agent == "second")
            #expect(work.status.stages.allSatisfy { $0.losses == 0 && $0.failures == 0 && $0.attempt == 1 })
            let more = try #require(try await home.look(at: "more")?.status[stage: "next"])
            #expect((more.agent, more.losses, more.failures) == ("second", 0, 0))
            #expect(try home.attempts(of: "next") == [attempt + 1])
        }
    }

    @Test("an agent that an operator drains takes nothing more, and neither does its next start until that is undone")
    func command() async throws {
        try await withHome { home in
            let held = "\(home.enter)\n\(try home.wait(at: "gate"))"
            try home.write(Manifest.run("work", [Stage("first", script: held)]), to: "manifests/work.yaml")
            _ = try await home.controller()
            func agent() throws -> Child {
                try home.start("agent", "--kind", "shell", "--agent-id", "one", "--slots", "1")
            }
            let first = try agent()
            try await home.began("first")
            try home.write(Manifest.run("more", [Stage("next", script: home.enter)]), to: "manifests/more.yaml")
            #expect(try await home.martlet("drain", "one").output == "one takes nothing more\n")
            #expect(try await home.martlet("drain").output == "one\n")
            // What it runs goes on, and what is new waits.
            try await home.run("more") { $0.status[stage: "next"]?.message?.contains("1 draining") == true }
            try home.release("gate")
            #expect(try await home.run("work").status.succeeded?.status == .true)
            first.send(SIGTERM)
            #expect(try await first.finish().code == 0)
            // Its next start isn't even asked.
            let second = try agent()
            var explained = ""
            while !explained.contains("one  draining") {
                explained = try await home.martlet("explain", "more", "next").output
            }
            #expect(try home.attempts(of: "next") == [])
            #expect(
                try await home.martlet("drain", "--undo", "one").output
                    == "one takes something again from its next start on\n")
            second.send(SIGTERM)
            #expect(try await second.finish().code == 0)
            _ = try agent()
            let more = try await home.run("more")
            #expect(more.status.succeeded?.status == .true)
            #expect(more.status[stage: "next"]?.attempt == 1)
        }
    }

    enum Hurry: CaseIterable {
        case asSecondSignal
        case byItsGracePeriod
    }

    @Test("what a drained agent has no time for runs again elsewhere, as a loss", arguments: Hurry.allCases)
    func hurry(_ hurry: Hurry) async throws {
        try await withHome { home in
            let pulse = try home.pulse("stage")
            let held = "\(pulse.script)\n\(home.enter)\n\(try home.wait(at: "gate"))"
            try home.write(Manifest.run("work", [Stage("held", script: held)]), to: "manifests/work.yaml")
            _ = try await home.controller()
            let first = try home.start(
                "agent", "--kind", "shell", "--agent-id", "first", "--grace-seconds",
                hurry == .byItsGracePeriod ? "1" : "600")
            try await home.began("held")
            try await home.run("work") { $0.status[stage: "held"]?.state == .running }
            first.send(SIGTERM)
            try await first.errors.line("draining")
            if hurry == .asSecondSignal { first.send(SIGINT) }
            #expect(try await first.finish().code == 0)
            try await pulse.feed.ended()
            try home.release("gate")
            _ = try home.start("agent", "--kind", "shell", "--agent-id", "second")
            let run = try await home.run("work")
            let stage = try #require(run.status[stage: "held"])
            #expect(run.status.succeeded?.status == .true)
            #expect((stage.attempt, stage.losses, stage.failures) == (2, 1, 0))
            #expect(try home.attempts(of: "held") == [1, 2])
        }
    }
}
