import AgentProtocol
import Model
import Planning
import Testing

@testable import Controller

/// Agents that take nothing, and agents that are busy for long.
@Suite struct PassOverTests {
    /// Lets seconds pass; gives those at which something was assigned, with it.
    private func watch(_ world: inout World, seconds: Int) -> [(second: Int, assignment: Assignment)] {
        var seen: [(Int, Assignment)] = []
        for second in 1...seconds {
            world.pass(seconds: 1)
            if second % 3 == 0 { world.presence("x") }
            seen += world.takeAssignments().map { (second, $0) }
        }
        return seen
    }

    @Test func anAgentThatNeverClaimsIsTriedAgainAfterFiveSecondsDoublingToFiveMinutes() throws {
        var world = World()
        world.list(sampleRun())
        world.presence("x")
        #expect(world.takeAssignments().count == 1)
        let times = watch(&world, seconds: 1100).map(\.second)
        var last = 0
        let gaps = times.map { time in
            defer { last = time }
            return time - last
        }
        // Ten seconds for the claim, then the wait.
        #expect(gaps == [15, 20, 30, 50, 90, 170, 310, 310])
        let stage = try #require(world.stage("a"))
        #expect((stage.failures, stage.losses) == (0, 0))
    }

    @Test func whatItClaimsForgivesIt() throws {
        var world = World()
        world.list(sampleRun())
        world.presence("x")
        _ = world.takeAssignments()
        let assignment = try #require(watch(&world, seconds: 65).last?.assignment)
        #expect(world.passedOver.count == 1)
        world.claims(assignment)
        #expect(world.passedOver.isEmpty)
        world.finishes(assignment)
        #expect(world.stage("a")?.state == .succeeded)
        world.list(sampleRun("u2"))
        #expect(world.takeAssignments().count == 1)
        #expect(watch(&world, seconds: 20).map(\.second) == [15])
    }

    @Test func severalThatItLetsGoAtOnceAreOneOccasion() throws {
        var world = World()
        world.list(sampleRun("u1"), sampleRun("u2"), sampleRun("u3"), sampleRun("u4"))
        world.presence("x", slots: 4)
        let all = world.takeAssignments()
        #expect(all.count == 4)
        for assignment in all { world.says(.declined(reason: "no disk"), of: assignment) }
        let passed = try #require(world.passedOver.first)
        #expect(passed.until == world.wall.adding(seconds: 5))
        #expect(passed.cause == "declined its last stage: no disk")
        world.pass(seconds: 2)
        #expect(
            world.stage("a")?.message
                == "1 agent offers `shell`: 1 passed over for a while (x declined its last stage: no disk)")
        world.pass(seconds: 3)
        #expect(world.takeAssignments().count == 4)
    }

    @Test func aDeafAgentDoesNotDelayWhatAnotherCanTake() throws {
        var world = World()
        world.list(sampleRun("u1"))
        world.presence("x", slots: 1)
        #expect(world.takeAssignments().map(\.instance) == ["x-1"])
        world.presence("y", slots: 1)
        // Given to the deaf one, it is stuck for the claim's ten seconds; whatever comes meanwhile is not.
        for number in 2...20 {
            world.list(sampleRun("u\(number)"))
            let assignment = try #require(world.takeAssignments().first)
            #expect(assignment.instance == "y-1")
            world.claims(assignment)
            world.finishes(assignment)
        }
        for _ in 0..<4 {
            world.pass(seconds: 3)
            world.presence("x", slots: 1)
            world.presence("y", slots: 1)
        }
        #expect(world.takeAssignments().map(\.instance) == ["y-1"])
    }

    @Test func anAgentThatIsBusyForAnHourDelaysNothingThatAnotherCanTake() throws {
        var world = World()
        world.list(sampleRun("long"))
        world.presence("x", slots: 1)
        let long = try #require(world.takeAssignments().first)
        world.claims(long)
        world.presence("y", slots: 1)
        for number in 0..<1200 {
            world.pass(seconds: 3)
            world.presence("x", slots: 1, held: [long])
            world.presence("y", slots: 1)
            guard number.isMultiple(of: 20) else { continue }
            world.list(sampleRun("u\(number)", chain: 3))
            // Each stage is there the moment that it is ready: no time passes.
            for name in ["a", "b", "c"] {
                let assignment = try #require(world.takeAssignments().first)
                #expect(assignment.fence.stage == name)
                #expect(assignment.instance == "y-1")
                world.claims(assignment)
                world.finishes(assignment)
            }
            #expect(world.reason(of: "u\(number)") == Reason.succeeded)
        }
        world.finishes(long)
        #expect(world.stage("a", of: "long")?.attempt == 1)
        #expect(world.reason(of: "long") == Reason.succeeded)
    }
}
