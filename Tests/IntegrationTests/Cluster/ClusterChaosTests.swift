import ClusterSupport
import Glibc
import Model
import Testing

/// What becomes of runs in a cluster when its parts die: every run ends right, and each of its effects is accepted once.
@Suite(.serialized, .timeLimit(.minutes(5))) struct ClusterChaosTests {
    /// Two stages one after the other, both of which wait at a gate and count their executions.
    private func held(_ name: String, in cluster: ClusterInstallation) throws -> String {
        let home = cluster.home
        let stages = ["lint", "test"].enumerated().map { index, kind in
            Stage(
                kind, needs: index == 0 ? [] : ["lint"],
                script: "\(home.enter)\nread -r _ < \(home.path)/gate-\(name)-\(kind)")
        }
        for kind in ["lint", "test"] { _ = try home.wait(at: "\(name)-\(kind)") }
        return Manifest.run(name, stages)
    }

    @Test("the API server, the controller and an agent are killed in the middle of runs, one after the other")
    func kills() async throws {
        try await withCluster(ownServer: true, kinds: ["lint", "test"]) { cluster in
            let home = cluster.home
            try await cluster.startController()
            try await cluster.apply(try held("one", in: cluster))
            try await home.began("lint")

            // The stage ends while nobody can store it.
            await cluster.server.stopServer()
            try home.release("one-lint")
            try await cluster.keepingController {
                try await cluster.server.startServer()
                _ = try await home.began("test")
            }
            #expect(try home.attempts(of: "lint") == [1])

            // The stage ends while nobody decides.
            try await cluster.controller().crash()
            try home.release("one-test")
            let next = try await cluster.startController("second")
            try await cluster.wait("one", for: "Succeeded")
            #expect(try home.attempts(of: "test") == [1])
            var run = try await cluster.run("one")
            #expect(run.status.stages.allSatisfy { $0.failures == 0 && $0.losses == 0 })
            #expect(next.isAlive)

            // What a killed agent held runs again elsewhere.
            try await cluster.apply(try held("two", in: cluster))
            try await home.began("lint", from: 2)
            let agent = try #require(home.process(containing: "--kind lint"))
            try await agent.crash()
            try cluster.startAgent("lint")
            try await home.began("lint", from: 3)
            try home.release("two-lint")
            try await home.began("test", from: 4)
            try home.release("two-test")
            try await cluster.wait("two", for: "Succeeded")
            run = try await cluster.run("two")
            #expect(run.status[stage: "lint"]?.losses == 1)
            #expect(run.status[stage: "test"]?.losses == 0)
        }
    }

    @Test("of two controllers one leads; when it is killed the other goes on within the lease, and nothing is lost")
    func takeOver() async throws {
        try await withCluster(kinds: ["lint", "test"]) { cluster in
            let home = cluster.home
            try await cluster.startController("a")
            try await cluster.apply(try held("one", in: cluster))
            try await home.began("lint")
            let standby = try await cluster.startController("b")
            let leader = try await cluster.leader()
            #expect(leader.name == "a")

            try await leader.process.crash()
            let start = ContinuousClock.now
            try home.release("one-lint")
            try await home.began("test")
            let seconds = Int((ContinuousClock.now - start) / .seconds(1))
            report("a standby has taken over from a killed leader", since: start)
            // The lease, two tries, and time to list and to hear of the agents.
            #expect(seconds <= ClusterInstallation.leaseSeconds + 10)
            #expect(try await cluster.leader().name == "b")
            try home.release("one-test")
            try await cluster.wait("one", for: "Succeeded")
            let run = try await cluster.run("one")
            #expect(run.status.stages.allSatisfy { $0.failures == 0 && $0.losses == 0 })
            #expect(try home.attempts(of: "lint").count == 1)
            #expect(try home.attempts(of: "test").count == 1)

            // One that ends in order gives the lease back, so that nobody waits for its end.
            try await cluster.startController("c")
            standby.send(SIGTERM)
            try await standby.ended()
            let handover = ContinuousClock.now
            try await cluster.apply(Manifest.run("two", [Stage("lint", script: "true")]))
            try await cluster.wait("two", for: "Succeeded")
            report("a standby has taken over from a leader that ended in order", since: handover)
            #expect(try await cluster.leader().name == "c")
        }
    }

    @Test("a leader that slept longer than its lease finds that it leads no more, and ends")
    func sleeps() async throws {
        try await withCluster(kinds: ["lint"]) { cluster in
            try await cluster.startController("a")
            try await cluster.startController("b")
            let (name, sleeper) = try await cluster.leader()
            sleeper.send(SIGSTOP)
            try await cluster.apply(Manifest.run("one", [Stage("lint", script: "true")]))
            try await cluster.wait("one", for: "Succeeded")
            #expect(try await cluster.leader().name != name)
            sleeper.send(SIGCONT)
            let ending = try await sleeper.finish()
            #expect(ending.code == 1)
            #expect(ending.errors.contains("lead"), "\(ending.errors)")
        }
    }
}
