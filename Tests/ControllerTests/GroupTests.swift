import AgentProtocol
import Model
import Planning
import Testing

@testable import Controller

@Suite("Concurrency groups in the controller")
struct GroupTests {
    private func pipeline(
        _ policy: Concurrency.Policy = .queue, limit: Int = 1, group: String = "deploy"
    ) -> Pipeline {
        var spec = PipelineSpec()
        var stage = StageSpec(name: "work")
        stage.run = "true"
        spec.stages = [stage]
        var concurrency = Concurrency()
        concurrency.group = group
        concurrency.limit = limit
        concurrency.policy = policy
        spec.concurrency = concurrency
        return Pipeline(metadata: Metadata(name: "p", uid: "p"), spec: spec)
    }

    private func run(_ uid: String, created: Int64, ref: String? = nil) -> PipelineRun {
        var spec = PipelineRunSpec()
        spec.pipelineRef = PipelineReference(name: "p")
        if let ref {
            spec.source = RunSource()
            spec.source?.ref = ref
        }
        return PipelineRun(
            metadata: Metadata(name: uid, uid: uid, creationTimestamp: Timestamp(seconds: 1_789_999_000 + created)),
            spec: spec)
    }

    private func reasons(_ world: World) -> [String: String] {
        world.stored.mapValues { $0.status.succeeded?.reason ?? "-" }
    }

    private func finish(_ uid: String, in world: inout World) {
        guard let assignment = world.assignments.last(where: { $0.fence.run == uid }) else {
            Issue.record("\(uid) was not assigned")
            return
        }
        world.finishes(assignment)
    }

    @Test func `after a start all take their places before anybody goes`() {
        var world = World()
        var started = run("b", created: 9)
        started.status.startTime = Timestamp(seconds: 1_789_999_900)
        started.status.pipelineSpec = pipeline().spec
        started.status.stages = [StageStatus(id: "work")]
        world.list(run("a", created: 1), started, pipelines: [pipeline()])
        #expect(reasons(world)["a"] == Reason.concurrencyLimit)
        #expect(reasons(world)["b"] == Reason.active)
    }

    @Test func `who waits is told who holds the places`() throws {
        var world = World()
        world.list(
            run("a", created: 1), run("b", created: 2), run("c", created: 3), pipelines: [pipeline(limit: 2)])
        let explanation = try #require(world.machine.explanation(of: "c", at: world.now))
        #expect(
            explanation.gates.contains(
                .concurrencyLimit("the concurrency group `deploy` has 2 of 2 runs active: `a`, `b`")))
        #expect(world.stored["c"]?.status.succeeded?.message.contains("`a`") == false)
    }

    @Test func `a place is given on once the end is stored, in the order of creation`() {
        var world = World()
        world.presence("agent")
        world.list(run("c", created: 3), run("a", created: 1), run("b", created: 2), pipelines: [pipeline()])
        #expect(reasons(world) == ["a": "Active", "b": "ConcurrencyLimit", "c": "ConcurrencyLimit"])
        #expect(
            world.stored["b"]?.status.succeeded?.message
                == "the concurrency group `deploy` has 1 of 1 runs active")
        world.answersWrites = false
        finish("a", in: &world)
        #expect(world.writes.map(\.uid).contains("b") == false)
        world.answersWrites = true
        world.answerWrites()
        #expect(reasons(world) == ["a": "Succeeded", "b": "Active", "c": "ConcurrencyLimit"])
        finish("b", in: &world)
        #expect(reasons(world)["c"] == "Active")
    }

    @Test func `a newer push of a branch takes the place of the older one, and of no other branch's`() {
        var world = World()
        world.presence("agent")
        let pipeline = pipeline(.cancelOlder, group: "ci-$(source.branch)")
        world.list(
            run("a", created: 1, ref: "refs/heads/main"), run("other", created: 1, ref: "refs/heads/fix"),
            pipelines: [pipeline])
        world.add(run("b", created: 2, ref: "refs/heads/main"))
        #expect(reasons(world)["a"] == Reason.superseded)
        #expect(reasons(world)["b"] == Reason.concurrencyLimit)
        #expect(reasons(world)["other"] == Reason.active)
        finishCancelled("a", in: &world)
        #expect(world.stored["a"]?.status.isFinished == true)
        #expect(reasons(world)["b"] == Reason.active)
    }

    private func finishCancelled(_ uid: String, in world: inout World) {
        guard let assignment = world.assignments.last(where: { $0.fence.run == uid }) else { return }
        world.finishes(assignment, .cancelled)
    }

    @Test func `of two that a cluster made within one second the one that arrived later is the newer`() {
        var world = World()
        world.presence("agent")
        var first = run("z", created: 5)
        first.metadata.annotations[RunLabels.received] = "2026-09-21T10:00:00.100000Z"
        var second = run("a", created: 5)
        second.metadata.annotations[RunLabels.received] = "2026-09-21T10:00:00.900000Z"
        world.list(first, second, pipelines: [pipeline(.cancelOlder)])
        #expect(reasons(world) == ["z": "Superseded", "a": "Active"])
    }

    @Test func `a branch that is found out later moves no run into another group`() {
        var world = World()
        world.presence("agent")
        var first = run("a", created: 1)
        first.spec.source = RunSource()
        first.spec.source?.url = "https://git.example/r"
        first.spec.source?.revision = "main"
        var second = first
        second.metadata = run("b", created: 2).metadata
        world.list(first, pipelines: [pipeline(group: "g-$(source.branch)")])
        let commit = ResolvedSource(url: "https://git.example/r", revision: "c0ffee", ref: "refs/heads/main")
        world.step(.sourceResolved(uid: "a", .success(commit)))
        #expect(world.stored["a"]?.status.source?.ref == "refs/heads/main")
        world.add(second)
        #expect(reasons(world)["b"] == Reason.concurrencyLimit)
    }

    @Test func `Reject ends what finds no place`() {
        var world = World()
        world.presence("agent")
        world.list(run("a", created: 1), run("b", created: 2), pipelines: [pipeline(.reject)])
        #expect(reasons(world) == ["a": "Active", "b": "ConcurrencyRejected"])
        #expect(world.stored["b"]?.status.isFinished == true)
    }

    @Test func `what a person holds back takes no place, and comes in its turn when it is let go`() {
        var world = World()
        world.presence("agent")
        var held = run("a", created: 1)
        held.spec.desiredState = .paused
        world.list(held, run("b", created: 2), pipelines: [pipeline()])
        #expect(reasons(world) == ["a": "Paused", "b": "Active"])
        world.change("a") { $0.desiredState = .running }
        #expect(reasons(world)["a"] == Reason.concurrencyLimit)
        finish("b", in: &world)
        #expect(reasons(world)["a"] == Reason.active)
    }

    @Test func `a run that is deleted or cancelled gives its place on`() {
        var world = World()
        world.presence("agent")
        world.list(
            run("a", created: 1), run("b", created: 2), run("c", created: 3), pipelines: [pipeline()])
        world.change("b") { $0.desiredState = .cancelled }
        world.stored["a"] = nil
        world.step(.store(.runGone(uid: "a")))
        #expect(reasons(world)["c"] == Reason.active)
    }

    @Test func `a rerun waits for a place as a new run does`() {
        var world = World()
        world.presence("agent")
        world.list(run("a", created: 1), run("b", created: 2), pipelines: [pipeline()])
        guard let assignment = world.assignments.last else { return }
        world.finishes(assignment, .failed)
        #expect(reasons(world) == ["a": "StageFailed", "b": "Active"])
        world.change("a") { $0.rerunCount = 1 }
        #expect(world.stored["a"]?.status.isFinished == true)
        #expect(world.stored["a"]?.status.conditions[Condition.accepted]?.reason == Reason.concurrencyLimit)
        finish("b", in: &world)
        #expect(reasons(world)["a"] == Reason.active)
        #expect(world.stored["a"]?.status.conditions[Condition.accepted]?.reason == Reason.accepted)
    }

    @Test func `a rerun of a run that ended while it was paused waits for a place, too`() {
        var world = World()
        world.presence("agent")
        world.list(run("a", created: 1), run("b", created: 2), pipelines: [pipeline()])
        guard let assignment = world.assignments.last else { return }
        world.claims(assignment)
        world.change("a") { $0.desiredState = .paused }
        world.finishes(assignment, .failed)
        #expect(world.stored["a"]?.status.isFinished == true)
        #expect(reasons(world)["b"] == Reason.active)
        world.change("a") { $0.rerunCount = 1 }
        #expect(world.stored["a"]?.status.isFinished == true)
        #expect(world.stored["a"]?.status.conditions[Condition.accepted]?.reason == Reason.concurrencyLimit)
    }

    @Test func `a run that makes no sense takes nobody's place`() {
        var world = World()
        world.presence("agent")
        world.list(run("a", created: 1), pipelines: [pipeline(.cancelOlder)])
        var bad = run("b", created: 2)
        bad.spec.params = [Param(name: "nobody", value: "asked")]
        world.add(bad)
        #expect(reasons(world) == ["a": "Active", "b": "InvalidSpec"])
    }

    @Test func `as many go as the limit says`() {
        var world = World()
        world.presence("agent")
        world.list(pipelines: [pipeline(limit: 2)])
        for number in 1...5 { world.add(run("r\(number)", created: Int64(number))) }
        #expect(reasons(world).values.count { $0 == Reason.active } == 2)
        finish("r2", in: &world)
        #expect(reasons(world)["r3"] == Reason.active)
        #expect(reasons(world)["r4"] == Reason.concurrencyLimit)
    }

    // MARK: Outcomes

    @Test func `a success after a failure of the same ref knows it, also after a restart`() {
        var world = World()
        world.presence("agent")
        world.list(run("a", created: 1, ref: "refs/heads/main"), pipelines: [pipeline(group: "$(run.name)")])
        world.stored["a"].map { world.step(.sourceResolved(uid: $0.uid, .success(.init(url: "u", revision: "c")))) }
        guard let assignment = world.assignments.last else {
            Issue.record("nothing was assigned")
            return
        }
        world.finishes(assignment, .failed)
        #expect(world.patches.last?.outcomes?.map(\.succeeded) == [.false])
        #expect(world.stored["a"]?.status.formerOutcome == .unknown)
        // A controller that has seen nothing of it, and a pipeline whose status was never written.
        var next = World()
        next.stored = world.stored
        next.version = 100
        next.presence("agent")
        next.list(run("b", created: 2, ref: "refs/heads/main"), pipelines: [pipeline(group: "$(run.name)")])
        #expect(next.patches.last?.outcomes?.map(\.run) == ["a"])
        finish("b", in: &next)
        #expect(next.stored["b"]?.status.formerOutcome == .false)
        #expect(next.patches.last?.outcomes?.map(\.succeeded) == [.true])
    }

    @Test func `what has been told is stored with the run, once, whatever else happens`() {
        var world = World()
        world.list(run("a", created: 1), pipelines: [pipeline()])
        let record = NotificationRecord(target: "slack", event: "Started", reference: "17.1")
        world.answersWrites = false
        world.change("a", tell: true) { $0.desiredState = .paused }
        world.step(.told(uid: "a", record))
        world.answersWrites = true
        world.answerWrites()
        world.pass(seconds: 2)
        #expect(world.stored["a"]?.status.notifications == [record])
        let count = world.writeCount
        world.step(.told(uid: "a", record))
        world.pass(seconds: 2)
        #expect(world.writeCount == count)
    }
}

extension World {
    fileprivate var assignments: [Assignment] {
        sent.compactMap { if case .assign(let assignment) = $0 { assignment } else { nil } }
    }

    /// A run that somebody makes.
    fileprivate mutating func add(_ run: PipelineRun) {
        version += 1
        var run = run
        run.metadata.resourceVersion = "\(version)"
        stored[run.uid] = run
        step(.store(.run(run)))
    }
}
