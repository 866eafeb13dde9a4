import AgentProtocol
import Model
import Testing

@testable import Controller

/// Runs that have ended leave the store and the controller once their pipeline's limits say so.
@Suite struct ControllerHistoryTests {
    private static func pipeline(_ name: String = "ci", _ edit: (inout PipelineSpec) -> Void = { _ in }) -> Pipeline {
        var spec = PipelineSpec()
        spec.stages = [StageSpec(name: "a", run: "true")]
        edit(&spec)
        return Pipeline(metadata: Metadata(name: name, uid: "p-\(name)"), spec: spec)
    }

    /// A run of a pipeline that ended so many seconds before the world began.
    private static func ended(
        _ uid: String, _ secondsAgo: Int, of pipeline: String? = "ci", succeeded: Bool = true,
        namespace: String? = nil
    ) -> PipelineRun {
        var run = sampleRun(uid)
        if let pipeline {
            run.spec.pipelineSpec = nil
            run.spec.pipelineRef = PipelineReference(name: pipeline)
        }
        run.metadata.namespace = namespace
        let end = World().wall.adding(seconds: -secondsAgo)
        run.status.observedGeneration = 1
        run.status.startTime = end
        run.status.completionTime = end
        run.status.progress = "1/1"
        var stage = StageStatus(id: "a", state: succeeded ? .succeeded : .failed)
        stage.completionTime = end
        run.status.stages = [stage]
        if pipeline != nil { run.status.pipelineSpec = Self.pipeline().spec }
        run.status.conditions.set(Condition.accepted, .true, reason: Reason.accepted, generation: 1, at: end)
        run.status.conditions.set(
            Condition.succeeded, succeeded ? .true : .false,
            reason: succeeded ? Reason.succeeded : Reason.stageFailed, generation: 1, at: end)
        return run
    }

    @Test func theOldestGoOnceEverythingHasBeenListed() {
        var world = World()
        let limited = Self.pipeline { $0.successfulRunsHistoryLimit = 1 }
        world.list(
            Self.ended("u1", 30), Self.ended("u2", 20), Self.ended("u3", 10),
            Self.ended("u4", 40, succeeded: false), Self.ended("u5", 40, of: "other"),
            Self.ended("u6", 40, namespace: "team"), pipelines: [limited, Self.pipeline("other")])
        #expect(world.deletions.isEmpty)
        world.pass(seconds: 1)
        #expect(world.deletions.map(\.uid) == ["u1", "u2"])
        #expect(world.deletions.map(\.name) == ["run-u1", "run-u2"])
        #expect(world.stored.keys.sorted() == ["u3", "u4", "u5", "u6"])
        #expect(world.machine.runs.keys.sorted() == ["u3", "u4", "u5", "u6"])
        world.pass(seconds: 60)
        #expect(world.deletions.count == 2)
    }

    @Test func aRunThatEndsMakesRoomForItself() throws {
        var world = World()
        var run = sampleRun("u9")
        run.spec.pipelineSpec = nil
        run.spec.pipelineRef = PipelineReference(name: "ci")
        world.list(Self.ended("u1", 10), run, pipelines: [Self.pipeline { $0.successfulRunsHistoryLimit = 1 }])
        world.presence("x")
        world.pass(seconds: 2)
        #expect(world.deletions.isEmpty)
        world.finishes(try #require(world.takeAssignments().first))
        world.pass(seconds: 1)
        #expect(world.deletions.map(\.uid) == ["u1"])
        #expect(world.machine.runs.keys.sorted() == ["u9"])
    }

    @Test func limitsThatComeLaterCountAsSoonAsTheyAreThere() {
        var world = World()
        world.list(
            Self.ended("u1", 20, succeeded: false), Self.ended("u2", 10, succeeded: false),
            pipelines: [Self.pipeline()])
        world.pass(seconds: 5)
        #expect(world.deletions.isEmpty)
        world.step(.store(.pipeline(Self.pipeline { $0.failedRunsHistoryLimit = 0 })))
        world.pass(seconds: 1)
        #expect(world.deletions.map(\.uid) == ["u1", "u2"])
    }

    @Test func aTimeToLiveEndsAtItsTimeWithoutAnyOtherCause() {
        var world = World()
        world.list(Self.ended("u1", 10), pipelines: [Self.pipeline { $0.ttlSecondsAfterFinished = 100 }])
        world.pass(seconds: 89)
        #expect(world.deletions.isEmpty)
        world.pass(seconds: 2)
        #expect(world.deletions.map(\.uid) == ["u1"])
    }

    @Test func anInlinePipelineHasATimeToLiveOfItsOwnAndNoLimits() {
        var world = World()
        var brief = Self.ended("u1", 10, of: nil)
        brief.spec.pipelineSpec?.ttlSecondsAfterFinished = 30
        var limited = Self.ended("u2", 10, of: nil)
        limited.spec.pipelineSpec?.successfulRunsHistoryLimit = 0
        world.list(brief, limited)
        world.pass(seconds: 19)
        #expect(world.deletions.isEmpty)
        world.pass(seconds: 3)
        #expect(world.deletions.map(\.uid) == ["u1"])
        #expect(world.machine.histories.isEmpty)
    }

    @Test func withoutItsPipelineOnlyTheFrozenTimeToLiveCounts() {
        var world = World()
        var brief = Self.ended("u1", 10)
        brief.status.pipelineSpec?.ttlSecondsAfterFinished = 30
        brief.status.pipelineSpec?.successfulRunsHistoryLimit = 0
        world.list(brief, Self.ended("u2", 10), pipelines: [Self.pipeline()])
        world.pass(seconds: 60)
        #expect(world.deletions.isEmpty)
        world.step(.store(.pipelineGone(name: "ci", namespace: nil)))
        world.pass(seconds: 1)
        #expect(world.deletions.map(\.uid) == ["u1"])
    }

    @Test func aRerunThatIsNotStoredYetKeepsTheRun() {
        var world = World()
        world.list(Self.ended("u1", 10, succeeded: false), pipelines: [Self.pipeline()])
        world.pass(seconds: 1)
        world.answersWrites = false
        world.change("u1") { $0.rerunCount = 1 }
        world.step(.store(.pipeline(Self.pipeline { $0.failedRunsHistoryLimit = 0 })))
        world.pass(seconds: 5)
        #expect(world.deletions.isEmpty)
        world.answerWrites()
        world.pass(seconds: 5)
        #expect(world.deletions.isEmpty)
        #expect(world.stored["u1"]?.status.isFinished == false)
    }

    @Test func anEndThatIsNotStoredMakesNoRoom() throws {
        var world = World()
        var run = sampleRun("u9")
        run.spec.pipelineSpec = nil
        run.spec.pipelineRef = PipelineReference(name: "ci")
        world.list(
            Self.ended("u1", 10, succeeded: false), run,
            pipelines: [Self.pipeline { $0.failedRunsHistoryLimit = 1 }])
        world.presence("x")
        let assignment = try #require(world.takeAssignments().first)
        world.answersWrites = false
        world.finishes(assignment, .failed)
        for _ in 0..<5 {
            let writes = world.writes
            world.writes = []
            for write in writes { world.step(.wrote(uid: write.uid, .refused("too large"))) }
            world.pass(seconds: 2)
        }
        #expect(world.deletions.isEmpty)
        world.answersWrites = true
        world.answerWrites()
        world.pass(seconds: 400)
        #expect(world.stored["u9"]?.status.isFinished == true)
        #expect(world.deletions.map(\.uid) == ["u1"])
    }

    @Test func aResultThatIsNotStoredYetKeepsTheRun() throws {
        var world = World()
        var run = sampleRun("u1")
        run.spec.pipelineSpec = nil
        run.spec.pipelineRef = PipelineReference(name: "ci")
        world.list(run, pipelines: [Self.pipeline { $0.successfulRunsHistoryLimit = 0 }])
        world.presence("x")
        let assignment = try #require(world.takeAssignments().first)
        world.answersWrites = false
        world.finishes(assignment)
        world.pass(seconds: 5)
        #expect(world.deletions.isEmpty)
        world.answersWrites = true
        world.answerWrites()
        world.pass(seconds: 2)
        #expect(world.deletions.map(\.uid) == ["u1"])
        #expect(world.commits.last?.offset == world.offset + 1)
        #expect(world.machine.runs.isEmpty)
        #expect(world.machine.histories.isEmpty)
        #expect(world.machine.claims.isEmpty)
    }

    @Test func whatSomebodyElseDeletesIsNotAskedForAgain() {
        var world = World()
        var leaving = Self.ended("u1", 10)
        leaving.metadata.deletionTimestamp = world.wall
        world.list(leaving, pipelines: [Self.pipeline { $0.successfulRunsHistoryLimit = 0 }])
        world.pass(seconds: 10)
        #expect(world.deletions.isEmpty)
    }

    @Test func aDeletionThatFailsIsTriedLessAndLessAndNeverAtTheSameTimeTwice() {
        var world = World()
        world.answersDeletions = false
        world.list(Self.ended("u1", 10), pipelines: [Self.pipeline { $0.successfulRunsHistoryLimit = 0 }])
        world.pass(seconds: 30)
        #expect(world.deletions.count == 1)
        var asked: [Int] = []
        for second in 0..<300 {
            if !world.deletions.isEmpty {
                asked.append(second)
                world.deletions = []
                world.step(.deleted(uid: "u1", .failed("no answer")))
            }
            world.pass(seconds: 1)
        }
        let gaps = zip(asked.dropFirst(), asked).map { $0 - $1 }
        #expect(asked.count > 5 && asked.count < 20)
        #expect(gaps.last == 60)
        #expect(gaps == gaps.sorted())
        #expect(world.warnings.last == "run run-u1: it could not be deleted: no answer; trying again")
    }

    @Test func aConflictIsLookedAtAnewWithWhatHasChanged() {
        var world = World()
        world.answersDeletions = false
        world.list(Self.ended("u1", 10), pipelines: [Self.pipeline { $0.successfulRunsHistoryLimit = 0 }])
        world.pass(seconds: 1)
        // Somebody puts a label on it; nothing about its end changes.
        world.stored["u1"]?.metadata.resourceVersion = "77"
        world.step(.deleted(uid: "u1", .conflict))
        if let run = world.stored["u1"] { world.step(.store(.run(run))) }
        world.answersDeletions = true
        world.pass(seconds: 3)
        #expect(world.deletions.map(\.resourceVersion) == ["1", "77"])
        #expect(world.machine.runs.isEmpty)
        #expect(world.warnings.isEmpty)
    }

    @Test func aDeletionIsReplayedFromTheJournal() throws {
        var world = World()
        world.list(
            Self.ended("u1", 30), Self.ended("u2", 20),
            pipelines: [Self.pipeline { $0.successfulRunsHistoryLimit = 1 }])
        world.pass(seconds: 3)
        #expect(world.deletions.count == 1)
        var replay = JournalReplay()
        _ = try replay.take(JournalHeader(version: "test", configuration: ControllerConfiguration()).line)
        for step in world.steps { #expect(try replay.take(step.line) == .same(decisions: step.actions.count)) }
    }

    @Test func timesToLiveDoNotFillTheTimers() {
        var world = World()
        world.list(pipelines: [Self.pipeline { $0.ttlSecondsAfterFinished = 3600 }])
        for number in 0..<200 {
            world.version += 1
            var run = Self.ended("u\(number)", -number)
            run.metadata.resourceVersion = "\(world.version)"
            world.stored[run.uid] = run
            world.step(.store(.run(run)))
            world.pass(seconds: 1)
        }
        #expect(world.machine.timers.count < 10)
        #expect(world.deletions.isEmpty)
        world.pass(seconds: 3500)
        #expect(world.deletions.count > 90)
    }
}
