import Glibc
import Model
import Testing

/// What becomes of stages when their agent, a process of its own, goes away: they run once more, and one result counts.
@Suite(.serialized, .timeLimit(.minutes(3))) struct AgentChaosTests {
    @Test(
        "a killed agent leaves no process behind, and what it ran runs again once it is back",
        arguments: Installation.Cluster.available)
    func killed(_ cluster: Installation.Cluster) async throws {
        try await withInstallation(on: cluster) { installation in
            for kind in Installation.kinds {
                let what = "the \(kind) agent killed and started anew"
                let run = try await HeldRun.start("kill-\(kind)", at: kind, in: installation)
                #expect(!installation.stageProcesses(of: run.uid).isEmpty, "/proc shows what runs")
                try await installation.agent(kind).crash()
                try await run.pulse.ended()
                #expect(installation.stageProcesses(of: run.uid) == [], "\(what)")
                let start = ContinuousClock.now
                try installation.startAgent(kind)
                let next = try await run.begun(after: run.first)
                report(what, since: start)
                try run.release(attempt: next)
                try installation.check(try await run.finished(), losses: [kind: 1], what)
            }
        }
    }

    @Test("agents stopped or cut off for less than a lease lose nothing", arguments: Installation.Cluster.available)
    func away(_ cluster: Installation.Cluster) async throws {
        try await withInstallation(on: cluster) { installation in
            try await installation.endure("all agents stopped for less than a lease", for: .seconds(6)) {
                for kind in Installation.kinds { try installation.agent(kind).send(SIGSTOP) }
            } undo: {
                for kind in Installation.kinds { try installation.agent(kind).send(SIGCONT) }
            }
            guard case .own = cluster else { return }
            try await installation.endure("all agents cut off for less than a lease", for: .seconds(6)) {
                for kind in Installation.kinds { try installation.network(of: kind).set(.silent) }
            } undo: {
                for kind in Installation.kinds { try installation.network(of: kind).set(.open) }
            }
        }
    }

    /// Stopped and cut-off agents go on: what they ran has been given to others meanwhile.
    @Test(
        "what an agent held beyond its lease runs elsewhere, and what it says later is stale",
        arguments: Installation.Cluster.available)
    func beyondTheLease(_ cluster: Installation.Cluster) async throws {
        try await withInstallation(on: cluster) { installation in
            var runs: [String: HeldRun] = [:]
            for kind in Installation.kinds {
                runs[kind] = try await HeldRun.start("late-\(kind)", at: kind, in: installation)
            }
            let (lint, test) = (try #require(runs["lint"]), try #require(runs["test"]))
            let (build, security) = (try #require(runs["build"]), try #require(runs["security"]))
            let start = ContinuousClock.now
            for kind in ["lint", "test"] { try installation.agent(kind).send(SIGSTOP) }
            if case .own = cluster {
                try installation.network(of: "build").set(.silent)
            } else {
                try installation.agent("build").send(SIGSTOP)
            }
            try await installation.agent("security").crash()
            // One script ends while its agent is stopped; one goes on, and is there when its agent wakes up; one ends
            // while its agent is cut off; one has died with its agent.
            for run in [lint, build] { try run.release() }
            for run in [lint, build, security] { try await run.pulse.ended() }
            for kind in Installation.kinds { try installation.startAgent("\(kind)-2") }
            for run in [lint, test, build, security] {
                try await run.releaseNext()
                let finished = try await run.finished()
                try installation.check(finished, losses: [run.stage: 1], run.name)
                #expect(finished.status[stage: run.stage]?.agent == "\(run.stage)-2")
            }
            report("stages of four lost agents on others", since: start)

            let stored = try await statuses(of: runs, in: installation.home)
            for kind in ["lint", "test"] { try installation.agent(kind).send(SIGCONT) }
            if case .own = cluster {
                try installation.network(of: "build").set(.open)
            } else {
                try installation.agent("build").send(SIGCONT)
            }
            // The one that is still there is told to stop.
            let back = ContinuousClock.now
            try await test.pulse.ended()
            report("an agent's stale stage stopped", since: back)
            let effects = try installation.effects
            #expect(!effects.hasEnded(Fence(run: test.uid, stage: "test", attempt: test.first)))
            for run in [lint, build] {
                #expect(effects.hasEnded(Fence(run: run.uid, stage: run.stage, attempt: run.first)))
            }
            // All agents are of use again, and with a new run's results everything said before has been read.
            try installation.agent("lint-2").send(SIGTERM)
            try await installation.agent("lint-2").ended()
            let stages = Installation.kinds.map { Stage($0, script: "true") }
            try installation.home.write(Manifest.run("next", stages), to: "manifests/next.yaml")
            let finished = try await installation.home.run("next")
            #expect(finished.status.succeeded?.status == .true, "\(finished.status.succeeded?.message ?? "")")
            // An agent that has just woken up may decline or miss a claim, which costs a number and nothing else.
            for stage in finished.status.stages { #expect(stage.failures == 0 && stage.losses == 0, "\(stage.id)") }
            #expect(finished.status[stage: "lint"]?.agent == "lint")
            #expect(try await statuses(of: runs, in: installation.home) == stored, "a late result has changed a status")
        }
    }

    private func statuses(of runs: [String: HeldRun], in home: Home) async throws -> [PipelineRunStatus] {
        var statuses: [PipelineRunStatus] = []
        for (_, run) in runs.sorted(by: { $0.key < $1.key }) {
            statuses.append(try #require(await home.look(at: run.name)).status)
        }
        return statuses
    }
}
