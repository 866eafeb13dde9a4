import AgentProtocol
import Model
import Planning
import Testing

@testable import Controller

/// What comes of a home that others write to as well, over a connection that breaks.
@Suite struct SharedHomeTests {
    private func pipeline(_ name: String, in namespace: String, stage: String) -> Pipeline {
        var metadata = Metadata(name: name, uid: "\(namespace)-\(name)")
        metadata.namespace = namespace
        var spec = PipelineSpec()
        spec.stages = [StageSpec(name: stage, run: "true")]
        return Pipeline(metadata: metadata, spec: spec)
    }

    private func run(_ uid: String, of pipeline: String, in namespace: String) -> PipelineRun {
        var run = sampleRun(uid)
        run.metadata.namespace = namespace
        run.metadata.resourceVersion = "listed"
        run.spec.pipelineSpec = nil
        run.spec.pipelineRef = PipelineReference(name: pipeline)
        return run
    }

    // MARK: Lost answers

    @Test func aWriteWhoseAnswerWasLostCountsAsStoredOnceItIsMet() throws {
        var world = World()
        world.list(sampleRun())
        world.presence("x")
        let assignment = try #require(world.takeAssignments().first)
        world.claims(assignment)
        world.answersWrites = false
        let position = world.says(.finished(StageOutcome(.succeeded)), of: assignment)
        let write = try #require(world.writes.first)
        world.writes = []
        // The store has it; the controller hears nothing.
        #expect(world.answer(write) == .stored(resourceVersion: "\(world.version)"))
        world.step(.wrote(uid: "u1", .failed("the connection was reset")))
        #expect(!world.happenings.contains { if case .runEnded = $0 { true } else { false } })
        world.pass(seconds: 1)
        #expect(world.writes.count == 1)
        world.answerWrites()
        #expect(world.happenings.count { if case .runEnded = $0 { true } else { false } } == 1)
        #expect(world.commits.last?.offset == position.offset + 1)
        world.pass(seconds: 10)
        #expect(world.writes.isEmpty)
    }

    @Test func whatAUserChangedMeanwhileIsTakenUpToo() throws {
        var world = World()
        world.list(sampleRun(chain: 2))
        world.presence("x")
        let assignment = try #require(world.takeAssignments().first)
        world.claims(assignment)
        world.answersWrites = false
        world.finishes(assignment)
        let write = try #require(world.writes.first)
        world.writes = []
        _ = world.answer(write)
        world.change("u1", tell: false) { $0.desiredState = .cancelled }
        world.step(.wrote(uid: "u1", .failed("the connection was reset")))
        world.pass(seconds: 1)
        world.answerWrites()
        world.answersWrites = true
        world.pass(seconds: 1)
        #expect(world.machine.runs["u1"]?.run.spec.desiredState == .cancelled)
        #expect(!world.takeStops().isEmpty)
    }

    // MARK: Namespaces

    @Test func aRunGoesThroughThePipelineOfItsOwnNamespace() throws {
        var world = World()
        let run = run("u1", of: "ci", in: "two")
        world.stored["u1"] = run
        world.step(
            .store(
                .listed(
                    runs: [run],
                    pipelines: [pipeline("ci", in: "one", stage: "a"), pipeline("ci", in: "two", stage: "b")])))
        #expect(world.stored["u1"]?.status.stages.map(\.id) == ["b"])
    }

    @Test func aPipelineOfAnotherNamespaceIsNone() throws {
        var world = World()
        let run = run("u1", of: "ci", in: "two")
        world.stored["u1"] = run
        world.step(.store(.listed(runs: [run], pipelines: [pipeline("ci", in: "one", stage: "a")])))
        #expect(world.stored["u1"]?.status.conditions[Condition.accepted]?.reason == Reason.pipelineNotFound)
        world.step(.store(.pipeline(pipeline("ci", in: "two", stage: "b"))))
        #expect(world.stored["u1"]?.status.stages.map(\.id) == ["b"])
    }

    @Test func pipelinesOfTheSameNameShareAgentsAsTwo() throws {
        var world = World()
        let first = ["o1", "o2", "o3", "o4"].map { run($0, of: "ci", in: "one") }
        let second = ["t1"].map { run($0, of: "ci", in: "two") }
        for run in first + second { world.stored[run.uid] = run }
        world.step(
            .store(
                .listed(
                    runs: first + second,
                    pipelines: [pipeline("ci", in: "one", stage: "a"), pipeline("ci", in: "two", stage: "a")])))
        world.presence("x", slots: 2)
        #expect(Set(world.takeAssignments().compactMap { Fence($0.fence.description)?.run }) == ["o1", "t1"])
    }

    // MARK: Specs that nobody has kept out

    @Test(arguments: [
        ("neither", "spec: says neither `pipelineRef` nor `pipelineSpec`"),
        ("both", "spec: says both `pipelineRef` and `pipelineSpec`"),
        ("ref", "spec.source.ref: `main` is no full ref"),
    ])
    func aRunThatMakesNoSenseEndsWithTheField(_ kind: String, _ beginning: String) throws {
        var world = World()
        var run = sampleRun()
        switch kind {
        case "neither": run.spec.pipelineSpec = nil
        case "both": run.spec.pipelineRef = PipelineReference(name: "ci")
        default:
            run.spec.source = RunSource()
            run.spec.source?.ref = "main"
        }
        world.list(run)
        let accepted = try #require(world.stored["u1"]?.status.conditions[Condition.accepted])
        #expect(accepted.status == .false)
        #expect(accepted.reason == Reason.invalidSpec)
        #expect(accepted.message.hasPrefix(beginning))
        #expect(world.reason() == Reason.invalidSpec)
    }
}
