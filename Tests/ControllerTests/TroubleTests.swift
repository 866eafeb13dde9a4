import AgentProtocol
import Model
import Planning
import Testing

@testable import Controller

/// What the simulator has found, event by event.
@Suite struct TroubleTests {
    @Test func aConflictAfterARefusalBeginsAnewAndLosesNoResult() throws {
        var world = World()
        world.list(sampleRun())
        world.presence("x")
        let assignment = try #require(world.takeAssignments().first)
        world.answersWrites = false
        let position = world.says(.finished(StageOutcome(.succeeded)), of: assignment)
        world.writes = []
        world.step(.wrote(uid: "u1", .refused("too large")))
        world.change("u1", tell: false) { $0.approvals = [] }
        world.answerWrites()
        world.writes = []
        world.step(.wrote(uid: "u1", .refused("too large")))
        #expect(!world.commits.contains { $0.offset > position.offset })
        world.answerWrites()
        #expect(world.reason() == Reason.statusRejected)
        #expect(world.commits.last?.offset == position.offset + 1)
    }

    @Test func aStatusThatIsRefusedAgainAndAgainIsTriedLessAndLess() throws {
        var world = World()
        world.answersWrites = false
        world.list(sampleRun())
        var tries = 0
        for _ in 0..<60 {
            if !world.writes.isEmpty {
                tries += 1
                world.writes = []
                world.step(.wrote(uid: "u1", .refused("too large")))
            }
            world.pass(seconds: 1)
        }
        #expect((2...10).contains(tries))
    }

    @Test func howARunHasEndedStaysThoughALaterStatusIsRefused() throws {
        var world = World()
        world.list(sampleRun())
        world.presence("x")
        let assignment = try #require(world.takeAssignments().first)
        world.claims(assignment)
        world.finishes(assignment)
        #expect(world.reason() == Reason.succeeded)
        world.answersWrites = false
        world.change("u1") { $0.desiredState = .paused }
        world.pass(seconds: 2)
        #expect(world.writes.count == 1)
        world.writes = []
        world.step(.wrote(uid: "u1", .refused("too large")))
        world.pass(seconds: 10)
        world.answerWrites()
        #expect(world.reason() == Reason.succeeded)
    }

    @Test func aRefusalThatIsAlreadyPlannedOverStaysUncommittedUntilThatIsStored() throws {
        var world = World()
        world.list(sampleRun())
        world.presence("x")
        let assignment = try #require(world.takeAssignments().first)
        world.answersWrites = false
        // Nobody claims it, the write of that fails, and then its agent says that it won't.
        world.pass(seconds: 11)
        world.writes = []
        world.step(.wrote(uid: "u1", .failed("no answer")))
        let position = world.says(.declined(reason: "stopped"), of: assignment)
        #expect(!world.commits.contains { $0.offset > position.offset })
        world.answersWrites = true
        world.pass(seconds: 6)
        #expect(world.commits.last?.offset == position.offset + 1)
    }

    @Test func aBrokerThatForgotEverythingIsCommittedFromItsBeginning() throws {
        var world = World()
        world.list(sampleRun("u1"), sampleRun("u2"))
        world.presence("x")
        let assignments = world.takeAssignments()
        world.offset = 100
        world.claims(assignments[0])
        #expect(world.commits.last?.offset == 102)
        world.offset = -1
        world.claims(assignments[0])
        #expect(world.commits.last?.offset == 1)
        world.answersWrites = false
        let position = world.says(.finished(StageOutcome(.succeeded)), of: assignments[1])
        #expect(!world.commits.contains { $0.offset > position.offset && $0.offset < 100 })
    }

    @Test func aSourceThatFailsForAMomentIsAskedAgainThoughTheRunWasLookedAtMeanwhile() throws {
        var run = sampleRun()
        run.spec.source = RunSource()
        run.spec.source?.url = "https://example.com/a.git"
        var world = World()
        world.presence("x")
        world.list(run)
        for count in 1...3 {
            #expect(world.resolves.count == count)
            world.step(.sourceResolved(uid: "u1", .failure(SourceError("no answer", mayPass: true))))
            world.pass(seconds: 10)
        }
    }

    @Test func aLatePresenceOfAnInstanceThatIsGoneEndsNobodysLease() throws {
        var world = World()
        world.list(sampleRun())
        world.presence("x", instance: "x-1", slots: 0)
        world.presence("x", instance: "x-2")
        let assignment = try #require(world.takeAssignments().first)
        world.claims(assignment)
        world.presence("x", instance: "x-1", slots: 0, sequence: 1)
        #expect(world.tokens.isEmpty)
        #expect(world.machine.accounts.members.map(\.instance) == ["x-2"])
    }

    @Test func aLatePresenceOfAnInstanceThatNobodyKnowsReplacesNobody() throws {
        var world = World()
        world.list(sampleRun())
        world.presence("x", instance: "x-2")
        let assignment = try #require(world.takeAssignments().first)
        world.claims(assignment)
        // This controller has just taken over and has never heard of the instance that was there before.
        world.presence("x", instance: "x-1", sequence: 23)
        #expect(world.tokens.isEmpty)
        #expect(world.machine.accounts.members.map(\.instance) == ["x-2"])
    }

    @Test func anInstanceThatGoesOnSpeakingIsKnownAgain() {
        var world = World()
        world.list()
        world.presence("x", instance: "x-1", sequence: 5)
        world.presence("x", instance: "x-0", sequence: 9)
        world.presence("x", instance: "x-0", sequence: 10)
        #expect(world.machine.accounts.members.map(\.instance) == ["x-0"])
        world.presence("x", instance: "x-1", sequence: 6)
        world.presence("x", instance: "x-1", sequence: 7)
        #expect(world.machine.accounts.members.map(\.instance) == ["x-1"])
    }

    @Test func anAgentThatDeclinedIsPassedOverThoughItHadFallenSilent() throws {
        var world = World()
        world.list(sampleRun())
        world.presence("x")
        let assignment = try #require(world.takeAssignments().first)
        world.claims(assignment)
        world.pass(seconds: 14)
        world.says(.declined(reason: "out of reach"), of: assignment)
        world.pass(seconds: 4)
        #expect(world.machine.accounts.members.isEmpty)
        world.presence("x")
        #expect(world.takeAssignments().isEmpty)
        world.pass(seconds: 3)
        #expect(world.takeAssignments().count == 1)
    }
}
