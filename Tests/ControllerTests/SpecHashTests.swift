import AgentProtocol
import Model
import Testing

@testable import Controller

/// Where nothing forbids a change of what may not change in a run's spec, the hash in its status shows it.
@Suite struct SpecHashTests {
    private func world(notesSpecHash: Bool = true) -> World {
        var configuration = ControllerConfiguration()
        configuration.notesSpecHash = notesSpecHash
        return World(configuration)
    }

    @Test func aHashIsNotedWithTheFirstStatusAndVerbsDoNotChangeIt() throws {
        var world = world()
        world.list(sampleRun(chain: 2))
        let hash = try #require(world.stored["u1"]?.status.specHash)
        #expect(hash == sampleRun(chain: 2).spec.immutableHash)
        world.change("u1") { $0.desiredState = .paused }
        #expect(world.stored["u1"]?.status.specHash == hash)
        #expect(world.stored["u1"]?.status.conditions[Condition.accepted]?.status == .true)
    }

    @Test func aChangedSpecHoldsTheRunUntilItIsPutBack() throws {
        var world = world()
        world.presence("x")
        world.list(sampleRun(chain: 2))
        let first = try #require(world.takeAssignments().first)
        world.change("u1") { $0.priority = 7 }
        #expect(world.stored["u1"]?.status.conditions[Condition.accepted]?.reason == Reason.specChanged)
        world.finishes(first)
        #expect(world.stage("a")?.state == .succeeded)
        #expect(world.takeAssignments().isEmpty)
        world.change("u1") { $0.priority = 0 }
        #expect(world.takeAssignments().map(\.fence.stage) == ["b"])
        #expect(world.stored["u1"]?.status.conditions[Condition.accepted]?.reason == Reason.accepted)
    }

    @Test func aRunThatHasNotStartedWaitsToo() throws {
        var world = world()
        var run = sampleRun()
        run.spec.desiredState = .paused
        world.presence("x")
        world.list(run)
        world.change("u1") {
            $0.priority = 7
            $0.desiredState = .running
        }
        #expect(world.reason() == Reason.specChanged)
        #expect(world.stored["u1"]?.status.isFinished == false)
        world.change("u1") { $0.priority = 0 }
        #expect(world.takeAssignments().count == 1)
    }

    @Test func homesThatKeepTheSpecThemselvesHaveNoHashAndEndedRunsGetNone() {
        var without = world(notesSpecHash: false)
        without.list(sampleRun())
        #expect(without.stored["u1"]?.status.specHash == nil)
        var world = world()
        var ended = sampleRun("u2")
        ended.status.completionTime = world.wall
        world.list(ended)
        world.pass(seconds: 3)
        #expect(world.writeCount == 0)
    }
}
