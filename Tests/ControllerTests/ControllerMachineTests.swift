import AgentProtocol
import Model
import Planning
import Testing

@testable import Controller

@Suite struct ControllerMachineTests {
    @Test func fourStagesTakeAtMostTwoWritesMoreThanStages() throws {
        var world = World()
        world.list(sampleRun(chain: 4))
        world.presence("x")
        for name in ["a", "b", "c", "d"] {
            let assignment = try #require(world.takeAssignments().first)
            #expect(assignment.fence.stage == name)
            world.claims(assignment)
            world.finishes(assignment)
        }
        #expect(world.reason() == Reason.succeeded)
        #expect(world.writeCount <= 6)
    }

    @Test func aClaimThatComesBeforeTheWriteHasEndedWaitsForIt() throws {
        var world = World()
        world.answersWrites = false
        world.presence("x")
        world.list(sampleRun())
        let assignment = try #require(world.takeAssignments().first)
        world.claims(assignment)
        world.finishes(assignment)
        #expect(world.takeStops().isEmpty)
        world.answerWrites()
        world.answerWrites()
        #expect(world.stage("a")?.state == .succeeded)
    }

    @Test func aReportWithAnotherDigestIsAnsweredWithAStopAndDropped() throws {
        var world = World()
        world.list(sampleRun())
        world.presence("x")
        let assignment = try #require(world.takeAssignments().first)
        world.says(.finished(StageOutcome(.succeeded)), of: assignment, digest: "0000")
        #expect(world.takeStops() == [assignment.fence.description])
        #expect(world.stage("a")?.state.isBound == true)
    }

    @Test func anAgentThatFallsSilentLosesItsStageOnlyAfterEverythingItSaidWasRead() throws {
        var world = World()
        world.list(sampleRun())
        world.presence("x")
        let assignment = try #require(world.takeAssignments().first)
        world.claims(assignment)
        world.presence("x", held: [assignment])
        world.pass(seconds: 14)
        #expect(world.tokens.isEmpty)
        world.pass(seconds: 2)
        let token = try #require(world.tokens.first)
        #expect(world.stage("a")?.attempt == 1)
        world.presence("y")
        world.step(.channel(.caughtUp(token: token)))
        let second = try #require(world.takeAssignments().first)
        #expect(second.fence.attempt == 2)
        #expect(second.instance == "y-1")
        #expect(world.stage("a")?.losses == 1)
    }

    @Test func whatASilentAgentLostIsNotGivenBackToIt() throws {
        var world = World()
        world.list(sampleRun())
        world.presence("x")
        let assignment = try #require(world.takeAssignments().first)
        world.pass(seconds: 1)
        world.claims(assignment)
        // Killed before it listed the attempt: by its last presence all of its slots are free.
        world.pass(seconds: 15)
        let token = try #require(world.tokens.first)
        world.presence("y")
        world.step(.channel(.caughtUp(token: token)))
        #expect(world.takeAssignments().map(\.instance) == ["y-1"])
    }

    @Test func aResultReadBeforeTheProofEndedIsAccepted() throws {
        var world = World()
        world.list(sampleRun())
        world.presence("x")
        let assignment = try #require(world.takeAssignments().first)
        world.claims(assignment)
        world.pass(seconds: 16)
        let token = try #require(world.tokens.first)
        world.finishes(assignment)
        world.step(.channel(.caughtUp(token: token)))
        #expect(world.stage("a")?.state == .succeeded)
        #expect(world.stage("a")?.losses == 0)
    }

    @Test func aNewInstanceOfAnAgentEndsTheLeasesOfTheOldOne() throws {
        var world = World()
        world.list(sampleRun())
        world.presence("x", instance: "x-1")
        let assignment = try #require(world.takeAssignments().first)
        world.claims(assignment)
        world.presence("x", instance: "x-2")
        let token = try #require(world.tokens.first)
        world.step(.channel(.caughtUp(token: token)))
        #expect(world.takeAssignments().first?.instance == "x-2")
    }

    @Test func whileKafkaIsOutOfReachNothingIsLostAndNothingAssigned() throws {
        var world = World()
        world.list(sampleRun("u1"))
        world.presence("x")
        let assignment = try #require(world.takeAssignments().first)
        world.claims(assignment)
        world.step(.channel(.link(isUp: false)))
        world.pass(seconds: 60)
        world.list(sampleRun("u2"))
        #expect(world.takeAssignments().isEmpty)
        world.pass(seconds: 2)
        #expect(world.stage("a", of: "u2")?.reason == Reason.kafkaUnreachable)
        world.step(.channel(.link(isUp: true)))
        world.pass(seconds: 10)
        #expect(world.tokens.isEmpty)
        #expect(world.stage("a")?.attempt == 1)
        world.presence("x", held: [assignment])
        world.finishes(assignment)
        #expect(world.stage("a")?.state == .succeeded)
    }

    @Test func aControllerThatStoodStillGivesEveryClaimAFullLease() throws {
        var world = World()
        world.list(sampleRun())
        world.presence("x")
        let assignment = try #require(world.takeAssignments().first)
        world.claims(assignment)
        world.uptime += 60_000_000
        world.wall = world.wall.adding(seconds: 60)
        world.step(.woke)
        #expect(world.tokens.isEmpty)
    }

    @Test func aDeclinedStageGoesToAnotherAgentAndCountsNothing() throws {
        var world = World()
        world.list(sampleRun())
        world.presence("x")
        world.presence("y")
        let first = try #require(world.takeAssignments().first)
        world.says(.declined(reason: "no slot"), of: first)
        let second = try #require(world.takeAssignments().first)
        #expect(second.instance != first.instance)
        let stage = try #require(world.stage("a"))
        #expect((stage.attempt, stage.failures, stage.losses) == (2, 0, 0))
    }

    @Test func anAssignmentThatNobodyClaimsGoesElsewhere() throws {
        var world = World()
        world.list(sampleRun())
        world.presence("x")
        let first = try #require(world.takeAssignments().first)
        world.presence("y")
        for _ in 0..<4 {
            world.pass(seconds: 3)
            world.presence("x")
            world.presence("y")
        }
        let second = try #require(world.takeAssignments().first)
        #expect(first.instance == "x-1")
        #expect(second.instance == "y-1")
        #expect(world.stage("a")?.losses == 0)
    }

    @Test func aCancelDuringAWriteWins() throws {
        var world = World()
        world.answersWrites = false
        world.presence("x")
        world.list(sampleRun())
        let assignment = try #require(world.takeAssignments().first)
        world.change("u1", tell: false) { $0.desiredState = .cancelled }
        world.answerWrites()
        world.answerWrites()
        #expect(world.reason() == Reason.cancelled)
        // The attempt was never stored, so its claim is stale.
        world.claims(assignment)
        #expect(world.takeStops() == [assignment.fence.description])
    }

    @Test func aRunningStageOfACancelledRunIsToldToStopUntilItEnds() throws {
        var world = World()
        world.list(sampleRun())
        world.presence("x")
        let assignment = try #require(world.takeAssignments().first)
        world.claims(assignment)
        world.change("u1") { $0.desiredState = .cancelled }
        #expect(world.takeStops() == [assignment.fence.description])
        world.presence("x", held: [assignment])
        #expect(world.takeStops() == [assignment.fence.description])
        world.finishes(assignment, .cancelled)
        #expect(world.reason() == Reason.cancelled)
        #expect(world.stage("a")?.state == .cancelled)
    }

    @Test func aResultsOffsetIsCommittedOnlyOnceAStoredStatusHoldsIt() throws {
        var world = World()
        world.list(sampleRun())
        world.presence("x")
        let assignment = try #require(world.takeAssignments().first)
        world.answersWrites = false
        world.claims(assignment)
        let position = world.says(.finished(StageOutcome(.succeeded)), of: assignment)
        #expect(world.commits.allSatisfy { $0.offset <= position.offset })
        world.answerWrites()
        #expect(world.commits.last == ResultsPosition(partition: 0, offset: position.offset + 1))
    }

    @Test func whatAnAttemptFoundIsPassedOnAlsoWhenItIsSaidToANewController() throws {
        var world = World()
        world.list(sampleRun())
        world.presence("x")
        let assignment = try #require(world.takeAssignments().first)
        world.claims(assignment)
        var found = Annotation()
        found.path = "a.py"
        var outcome = StageOutcome(.failed)
        outcome.annotations = [found]
        world.says(.finished(outcome), of: assignment)
        world.says(.finished(outcome), of: assignment)
        var next = World()
        next.stored = world.stored
        next.version = world.version
        next.list()
        next.says(.finished(outcome), of: assignment)
        next.says(.finished(StageOutcome(.failed)), of: assignment)
        let passedOn = world.annotations + next.annotations
        #expect(passedOn.map(\.fence) == [assignment.fence, assignment.fence, assignment.fence])
        #expect(passedOn.map(\.state) == [.running, .failed, .failed])
        #expect(passedOn.map(\.annotations) == [[found], [found], [found]])
        // Another attempt's are nobody's.
        next.says(.finished(outcome), of: assignment, digest: "0000")
        #expect(next.annotations.count == 1)
    }

    @Test func aControllerThatTakesOverSendsAnAssignedAttemptAgainUnchanged() throws {
        var world = World()
        world.list(sampleRun())
        world.presence("x")
        let assignment = try #require(world.takeAssignments().first)
        var next = World()
        next.stored = world.stored
        next.version = world.version
        next.list()
        next.presence("x")
        #expect(next.takeAssignments() == [assignment])
        next.claims(assignment)
        next.finishes(assignment)
        #expect(next.stage("a")?.state == .succeeded)
        #expect(next.stage("a")?.attempt == 1)
    }

    @Test func anAgentThatIsHeardAgainIsSentOnceMoreWhatItHasNotClaimed() throws {
        var world = World()
        world.list(sampleRun(chain: 2))
        world.presence("a", sequence: 1)
        let assignment = try #require(world.takeAssignments().first)
        world.presence("a", sequence: 2)
        #expect(world.takeAssignments().isEmpty)
        // It was out of reach for some heartbeats, and has left alone what came then.
        world.presence("a", sequence: 6)
        #expect(world.takeAssignments() == [assignment])
        world.claims(assignment)
        world.presence("a", sequence: 9, held: [assignment])
        #expect(world.takeAssignments().isEmpty)
        #expect(world.stage("a")?.attempt == 1)
    }

    @Test func agentsThatDiedWithAnEarlierControllersProcessAreExcused() throws {
        var world = World()
        world.list(sampleRun())
        world.presence("x", instance: "in-process.1")
        let assignment = try #require(world.takeAssignments().first)
        world.claims(assignment)
        var configuration = ControllerConfiguration()
        configuration.inProcessInstances = ["in-process.2"]
        var next = World(configuration)
        next.stored = world.stored
        next.version = world.version
        next.list()
        next.presence("x", instance: "in-process.2")
        let second = try #require(next.takeAssignments().first)
        #expect(second.fence.attempt == 2)
        #expect(next.stage("a")?.losses == 0)
    }

    @Test func aReportForAnUnknownRunIsLookedUpBeforeItIsDropped() throws {
        var world = World()
        world.list()
        world.presence("x")
        let unknown = Assignment(
            fence: Fence(run: "u9", stage: "a", attempt: 1), instance: "x-1", work: StageWork())
        let position = world.says(.finished(StageOutcome(.succeeded)), of: unknown)
        #expect(world.lookUps == ["u9"])
        #expect(!world.commits.contains { $0.offset > position.offset })
        world.step(.looked(uid: "u9", .absent))
        #expect(world.takeStops() == [unknown.fence.description])
        #expect(world.commits.last?.offset == position.offset + 1)
    }

    @Test func aRunDeletedWhileActiveIsStoppedAtItsAgents() throws {
        var world = World()
        world.list(sampleRun())
        world.presence("x")
        let assignment = try #require(world.takeAssignments().first)
        world.claims(assignment)
        world.stored["u1"] = nil
        world.step(.store(.runGone(uid: "u1")))
        #expect(world.takeStops() == [assignment.fence.description])
    }

    @Test func aStatusThatIsRefusedForGoodIsReplacedByAMinimalOne() throws {
        var world = World()
        world.answersWrites = false
        world.list(sampleRun())
        world.presence("x")
        world.writes = []
        world.step(.wrote(uid: "u1", .refused("too large")))
        world.answerWrites()
        #expect(world.reason() == Reason.statusRejected)
        #expect(world.warnings.count == 1)
    }

    @Test func anAgentThatAnOperatorDrainsIsToldSoUntilItShowsIt() throws {
        func drains(_ world: inout World) -> [String] {
            defer { world.sent = [] }
            return world.sent.compactMap { if case .drain(let instance) = $0 { instance } else { nil } }
        }
        var world = World()
        world.list()
        world.presence("x")
        world.presence("y")
        world.step(.store(.drained(["x", "z"])))
        #expect(drains(&world) == ["x-1"])
        world.presence("x")
        world.presence("y")
        #expect(drains(&world) == ["x-1"])
        var presence = Presence()
        (presence.agent, presence.instance, presence.sequence, presence.isDraining) = ("x", "x-1", 99, true)
        presence.kinds = ["shell"]
        world.step(.channel(.presence(presence)))
        #expect(drains(&world).isEmpty)
        // A new start of it, and one that comes only now.
        world.presence("x", instance: "x-2")
        world.presence("z")
        #expect(drains(&world) == ["x-2", "z-1"])
        world.step(.store(.drained([])))
        world.presence("x", instance: "x-2")
        #expect(drains(&world).isEmpty)
    }

    @Test func whatAnAgentLeavesUnclaimedIsNoLoss() throws {
        var world = World()
        world.list(sampleRun())
        world.presence("x")
        #expect(world.takeAssignments().map(\.instance) == ["x-1"])
        // It had gone before the assignment came.
        world.presence("x", slots: 0, isLeaving: true)
        world.presence("y")
        let token = try #require(world.tokens.first)
        world.step(.channel(.caughtUp(token: token)))
        let second = try #require(world.takeAssignments().first)
        #expect(second.instance == "y-1")
        let stage = try #require(world.stage("a"))
        #expect((stage.attempt, stage.losses, stage.failures) == (2, 0, 0))
    }

    @Test func whatIsDeliveredToAnAgentThatHasLeftGoesElsewhereAtOnce() throws {
        var world = World()
        world.acknowledges = false
        world.list(sampleRun())
        world.presence("x")
        let first = try #require(world.takeAssignments().first)
        world.presence("x", slots: 0, isLeaving: true)
        world.presence("y")
        world.step(.published(fence: first.fence, digest: first.digest, delivered: true))
        let token = try #require(world.tokens.first)
        world.step(.channel(.caughtUp(token: token)))
        #expect(world.takeAssignments().map(\.instance) == ["y-1"])
        #expect(world.stage("a")?.losses == 0)
    }

    @Test func whatAnAgentHadClaimedBeforeItLeftIsLost() throws {
        var world = World()
        world.list(sampleRun())
        world.presence("x")
        let first = try #require(world.takeAssignments().first)
        world.claims(first)
        world.presence("x", slots: 0, isLeaving: true)
        world.presence("y")
        let token = try #require(world.tokens.first)
        world.step(.channel(.caughtUp(token: token)))
        #expect(world.takeAssignments().map(\.instance) == ["y-1"])
        #expect(world.stage("a")?.losses == 1)
    }

    @Test func anAttemptThatComesBackWithTheStoredStatusIsNotWaitedForForEver() throws {
        var world = World()
        world.list(sampleRun())
        world.presence("x", slots: 1)
        let assignment = try #require(world.takeAssignments().first)
        world.claims(assignment)
        world.pass(seconds: 2)
        world.answersWrites = false
        world.change("u1") { $0.desiredState = .cancelled }
        world.finishes(assignment)
        // Twice refused: what was planned is given up, and the stored status has the attempt running still.
        for _ in 0..<2 {
            let write = try #require(world.writes.first)
            world.writes = []
            world.step(.wrote(uid: write.uid, .refused("too large")))
        }
        world.answersWrites = true
        world.answerWrites()
        for _ in 0..<20 {
            world.pass(seconds: 3)
            world.presence("x", slots: 1)
            for token in world.tokens { world.step(.channel(.caughtUp(token: token))) }
            world.tokens = []
        }
        #expect(world.stored["u1"]?.status.isFinished == true)
        #expect(world.machine.boundByInstance.isEmpty)
    }

    @Test func aWriteThatFailsForAMomentIsTriedAgain() throws {
        var world = World()
        world.answersWrites = false
        world.list(sampleRun())
        world.presence("x")
        world.writes = []
        world.step(.wrote(uid: "u1", .failed("disk full")))
        world.answersWrites = true
        world.pass(seconds: 2)
        #expect(world.stage("a")?.state == .assigned)
    }

    @Test func aBusyAgentsSlotsAreNotGivenTwice() throws {
        var world = World()
        world.list(sampleRun("u1"), sampleRun("u2"))
        world.presence("x", slots: 1)
        let first = world.takeAssignments()
        #expect(first.count == 1)
        world.pass(seconds: 2)
        let waiting = first[0].fence.run == "u1" ? "u2" : "u1"
        #expect(world.stage("a", of: waiting)?.message?.contains("busy") == true)
        world.claims(first[0])
        world.finishes(first[0])
        #expect(world.takeAssignments().map(\.fence.run) == [waiting])
    }

    @Test func workThatNoStatusBindsTakesASlotAllTheSame() throws {
        var world = World()
        let stranger = Assignment(fence: Fence(run: "u7", stage: "a", attempt: 1), instance: "x-1", work: StageWork())
        world.list(sampleRun())
        world.presence("x", slots: 1, held: [stranger])
        #expect(world.takeAssignments().isEmpty)
    }

    @Test func runningIsShownAtOnceAndWrittenWithinASecond() throws {
        var world = World()
        world.list(sampleRun())
        world.presence("x")
        let assignment = try #require(world.takeAssignments().first)
        let writes = world.writeCount
        world.claims(assignment)
        #expect(world.writeCount == writes)
        #expect(world.observed.last?.status[stage: "a"]?.state == .running)
        world.pass(seconds: 1)
        #expect(world.stage("a")?.state == .running)
    }

    @Test func aStageThatItsAgentDoesNotEndInTimeIsEndedByTheController() throws {
        var stage = StageSpec(name: "a", run: "sleep 100")
        stage.timeoutSeconds = 10
        var world = World()
        world.list(sampleRun(stages: [stage]))
        world.presence("x")
        let assignment = try #require(world.takeAssignments().first)
        world.claims(assignment)
        for _ in 0..<9 {
            world.pass(seconds: 3)
            world.presence("x", held: [assignment])
        }
        #expect(world.stage("a")?.state == .failed)
        #expect(world.stage("a")?.reason == Reason.timeout)
        #expect(world.takeStops().contains(assignment.fence.description))
    }

    @Test func theSourceIsResolvedOnceBeforeAnythingIsAssigned() throws {
        var run = sampleRun(chain: 2)
        run.spec.source = RunSource()
        run.spec.source?.url = "https://example.com/a.git"
        var world = World()
        world.list(run)
        world.presence("x")
        #expect(world.takeAssignments().isEmpty)
        #expect(world.resolves == ["u1"])
        let source = ResolvedSource(url: "https://example.com/a.git", revision: String(repeating: "a", count: 40))
        world.step(.sourceResolved(uid: "u1", .success(source)))
        let assignment = try #require(world.takeAssignments().first)
        #expect(assignment.work.source == source)
        world.claims(assignment)
        world.finishes(assignment)
        #expect(world.takeAssignments().first?.work.source == source)
        #expect(world.resolves == ["u1"])
    }

    @Test func aSourceThatIsKnownAtOnceCostsNoWriteOfItsOwn() {
        var run = sampleRun()
        run.spec.source = RunSource()
        run.spec.source?.url = "https://example.com/a.git"
        var world = World()
        world.list(run)
        #expect(world.writeCount == 0)
        #expect(world.observed.last?.status[stage: "a"]?.reason == Reason.resolvingSource)
        let source = ResolvedSource(url: "https://example.com/a.git", revision: String(repeating: "a", count: 40))
        world.step(.sourceResolved(uid: "u1", .success(source)))
        #expect(world.writeCount == 1)
        #expect(world.stored["u1"]?.status.source == source)
    }

    @Test func aStageThatFindsNoFreeAgentSaysSoFromTheFirstWriteOn() throws {
        var world = World()
        world.list()
        world.presence("x", slots: 1)
        world.list(sampleRun("u1"))
        #expect(world.takeAssignments().count == 1)
        // The queue as a whole is explained once a second.
        world.list(sampleRun("u2"))
        world.list(sampleRun("u3"))
        for uid in ["u2", "u3"] {
            #expect(world.stage("a", of: uid)?.reason == Reason.agentsBusy)
            #expect(world.stored[uid]?.status == world.observed.last { $0.uid == uid }?.status)
        }
        let writes = world.writeCount
        world.pass(seconds: 5)
        #expect(world.writeCount == writes)
    }

    @Test func whatComesWhileAStatusIsBeingWrittenIsLookedAtAfterwards() throws {
        var run = sampleRun()
        run.spec.source = RunSource()
        run.spec.source?.url = "https://example.com/a.git"
        var world = World()
        world.answersWrites = false
        world.presence("x")
        world.list(run)
        // That it is being looked up is written after a while.
        world.pass(seconds: 1)
        #expect(world.writeCount == 1)
        let source = ResolvedSource(url: "https://example.com/a.git", revision: String(repeating: "a", count: 40))
        world.step(.sourceResolved(uid: "u1", .success(source)))
        #expect(world.takeAssignments().isEmpty)
        world.answerWrites()
        #expect(world.takeAssignments().map(\.work.source) == [source])
    }

    @Test func aRevisionThatIsMissingFailsTheRun() throws {
        var run = sampleRun()
        run.spec.source = RunSource()
        run.spec.source?.url = "https://example.com/a.git"
        var world = World()
        world.list(run)
        world.presence("x")
        world.step(.sourceResolved(uid: "u1", .failure(SourceError("no branch `nope`", mayPass: false))))
        #expect(world.stored["u1"]?.status.succeeded?.status == .false)
        #expect(world.stored["u1"]?.status.succeeded?.message.contains("nope") == true)
    }

    @Test func theSameInputsGiveTheSameActions() {
        func play() -> [String] {
            var world = World()
            world.list(sampleRun("u1", chain: 3), sampleRun("u2", chain: 2), sampleRun("u3"))
            for agent in ["x", "y", "z"] { world.presence(agent, slots: 2) }
            var seen: [String] = []
            for _ in 0..<8 {
                for assignment in world.takeAssignments() {
                    seen.append("\(assignment.fence) \(assignment.instance) \(assignment.digest)")
                    world.claims(assignment)
                    world.finishes(assignment)
                }
            }
            return seen
        }
        #expect(play() == play())
        #expect(play().count == 6)
    }
}
