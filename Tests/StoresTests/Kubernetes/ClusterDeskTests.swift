import Controller
import Document
import KubernetesAPI
import Model
import Testing

@testable import Stores

@Suite("Runs made for events, in a cluster", .timeLimit(.minutes(1)))
struct ClusterDeskTests {
    private func run(_ name: String) -> PipelineRun {
        var metadata = Metadata(name: name)
        metadata.namespace = "team"
        metadata.labels[RunLabels.pullRequest] = "7"
        var spec = PipelineRunSpec()
        spec.pipelineRef = PipelineReference(name: "ci")
        return PipelineRun(metadata: metadata, spec: spec)
    }

    @Test func `two controllers that make the same run make one, whoever leads`() async throws {
        let home = ClusterHome()
        home.leads.value = false
        let board = RunBoard()
        let (one, other) = (await home.desk(board), await home.desk(board))
        let run = run("ci-1")
        let made = await withTaskGroup(of: [MakeOutcome].self) { group in
            for number in 0..<10 {
                group.addTask { await (number.isMultiple(of: 2) ? one : other).make([run], remembering: true) }
            }
            var made = 0
            for await outcomes in group {
                for outcome in outcomes {
                    if case .made = outcome { made += 1 } else { #expect(outcome == .exists) }
                }
            }
            return made
        }
        #expect(made == 1)
        // What this process has handled makes nothing again, though its run is gone.
        home.cluster.delete("pipelineruns", "team", "ci-1")
        #expect(await one.make([run], remembering: true) == [.exists])
    }

    @Test func `an event that made no run is remembered, and none is known before others' have been read`() async throws
    {
        let home = ClusterHome()
        let desk = await home.desk(RunBoard())
        #expect(try !desk.hasHandled("d"))
        desk.remember("d")
        #expect(try desk.hasHandled("d"))
        let early = ClusterDesk(home.store, board: RunBoard(), handled: home.handled())
        #expect(throws: APIError.self) { try early.hasHandled("d") }
        #expect(await early.make([run("ci-1")], remembering: true).allSatisfy { !$0.isSettled })
    }

    @Test func `however many runs are to be made, connections are left for others`() async throws {
        let home = ClusterHome()
        let desk = await home.desk(RunBoard())
        let gate = FakeCluster.Gate()
        home.cluster.always(.holdBefore(gate)) { $0.method == .post }
        await withTaskGroup { group in
            for number in 1...200 {
                group.addTask {
                    let outcomes = await desk.make([run("ci-\(number)")], remembering: false)
                    #expect(outcomes.count { $0.isSettled } == 1)
                }
            }
            let most = home.store.concurrentWrites
            while home.cluster.requests(.post).count < most { await Task.yield() }
            for _ in 1...1000 { await Task.yield() }
            #expect(home.cluster.requests(.post).count == most)
            #expect(KubernetesClientSettings().connections >= 2 * most + 16)
            gate.open()
        }
        #expect(home.cluster.requests(.post).count == 200)
    }

    @Test func `a run goes with its pipeline`() async throws {
        let home = ClusterHome()
        home.applyPipeline("ci")
        let board = RunBoard()
        let desk = await home.desk(board)
        await #expect(throws: APIError.self) { try await desk.pipelines() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            let (listed, listing) = AsyncStream<Void>.makeStream()
            group.addTask {
                try await home.store.follow { event in
                    board.followed(event)
                    listing.finish()
                }
            }
            for await _ in listed {}
            let pipelines = try await desk.pipelines()
            #expect(pipelines.map(\.metadata.name) == ["ci"])
            _ = await desk.make([run("ci-1")], remembering: true)
            let owner = home.cluster.object("pipelineruns", "team", "ci-1")?["metadata"]?["ownerReferences"]?.array
            #expect(owner?.first?["name"]?.string == "ci")
            group.cancelAll()
        }
    }

    @Test func `what is asked is set against the newest version, however often others come first`() async throws {
        let home = ClusterHome()
        let desk = await home.desk(RunBoard())
        home.apply("ci-1", #"{"spec":{"pipelineRef":{"name":"ci"},"desiredState":"Paused"}}"#)
        let stale = try #require(try await desk.run("ci-1", namespace: "team"))
        home.apply("ci-1", #"{"spec":{"pipelineRef":{"name":"ci"},"desiredState":"Paused","priority":3}}"#)
        #expect(await desk.ask(.resume, of: stale) == .done)
        let spec = home.cluster.object("pipelineruns", "team", "ci-1")?["spec"]
        #expect(spec?["desiredState"]?.string == "Running")
        #expect(spec?["priority"]?.int == 3)
        let now = try #require(try await desk.run("ci-1", namespace: "team"))
        let count = home.cluster.requests(.patch).count
        #expect(await desk.ask(.resume, of: now) == .done)
        #expect(home.cluster.requests(.patch).count == count)
        guard case .refused = await desk.ask(.rerun, of: now) else {
            Issue.record("nothing of it could be run again")
            return
        }
        home.cluster.delete("pipelineruns", "team", "ci-1")
        guard case .refused = await desk.ask(.cancel, of: now) else {
            Issue.record("it is gone")
            return
        }
    }

    @Test func `a server that doesn't answer is told as what may pass`() async throws {
        let home = ClusterHome()
        let desk = await home.desk(RunBoard())
        home.cluster.next(.fail(.unreachable("no answer"))) { $0.method == .post }
        guard case .failed = await desk.make([run("ci-1")], remembering: true).first else {
            Issue.record("it was not made")
            return
        }
        guard case .made = await desk.make([run("ci-1")], remembering: true).first else {
            Issue.record("it was not made")
            return
        }
        // Made, and the answer lost: it is there when it is sent again.
        home.cluster.next(.loseAnswer) { $0.method == .post }
        _ = await desk.make([run("ci-2")], remembering: true)
        #expect(await desk.make([run("ci-2")], remembering: true) == [.exists])
    }

    @Test func `fields of a pipeline's status are patched, each by itself`() async throws {
        let home = ClusterHome()
        home.applyPipeline("ci")
        var patch = PipelinePatch(name: "ci", namespace: "team")
        patch.lastScheduleTime = Timestamp(seconds: 1_790_000_000)
        #expect(await home.store.patch(patch))
        var other = PipelinePatch(name: "ci", namespace: "team")
        other.outcomes = [RefOutcome(ref: "refs/heads/main", run: "r", succeeded: .true, time: nil)]
        #expect(await home.store.patch(other))
        let status = home.cluster.object("pipelines", "team", "ci")?["status"]
        #expect(status?["lastScheduleTime"]?.string?.hasPrefix("2026-09-21T") == true)
        #expect(status?["outcomes"]?.array?.first?["run"]?.string == "r")
        #expect(await home.store.patch(PipelinePatch(name: "gone", namespace: "team")))
        home.leads.value = false
        #expect(await home.store.patch(patch) == false)
    }
}
