import AgentProtocol
import Model
import Planning
import Testing

@testable import Controller

/// Who is there, as a command beside the controller finds it.
@Suite struct AgentRollTests {
    private let now = Timestamp(seconds: 1_790_000_000)

    private func presence(
        _ agent: String, start: Int = 1, sequence: Int = 1, slots: Int = 3, held: [String] = [],
        isLeaving: Bool = false
    ) -> Presence {
        var presence = Presence()
        presence.agent = agent
        presence.instance = "\(agent)-\(start)"
        presence.sequence = sequence
        presence.kinds = ["shell"]
        presence.slots = slots
        presence.isLeaving = isLeaving
        presence.held = held.map { text in
            var fence = HeldFence()
            (fence.fence, fence.digest) = (text, "d")
            return fence
        }
        return presence
    }

    private func run(_ uid: String, at instance: String) -> PipelineRun {
        var run = sampleRun(uid)
        var stage = StageStatus(id: "a", state: .running)
        (stage.attempt, stage.instance) = (1, instance)
        run.status.stages = [stage]
        return run
    }

    private func free(_ roll: AgentRoll, _ active: [PipelineRun] = [], _ passed: [PassedOver] = []) -> [String] {
        roll.candidates(active: active, passedOver: passed, now: now).map { "\($0.instance) \($0.free)" }
    }

    @Test func slotsAreCountedAsTheSchedulerCountsThem() {
        var roll = AgentRoll()
        // One by a status, shown or not, and one that no status knows.
        roll.take(presence("x", held: ["u1/a/1", "u9/a/1"]), at: now)
        roll.take(presence("y"), at: now)
        #expect(free(roll, [run("u1", at: "x-1"), run("u2", at: "y-1")]) == ["x-1 1", "y-1 2"])
    }

    @Test func anAgentsLastWordHolds() {
        var roll = AgentRoll()
        roll.take(presence("x", sequence: 2, slots: 1), at: now)
        roll.take(presence("x", sequence: 1, slots: 3), at: now)
        #expect(free(roll) == ["x-1 1"])
        roll.take(presence("x", start: 2), at: now)
        #expect(free(roll) == ["x-2 3"])
        roll.take(presence("x", start: 2, sequence: 2, isLeaving: true), at: now)
        #expect(roll.isEmpty)
    }

    @Test func whoHasFallenSilentIsNamedForTenMinutes() {
        var roll = AgentRoll()
        roll.take(presence("long"), at: now.adding(seconds: -601))
        roll.take(presence("short"), at: now.adding(seconds: -16))
        #expect(!roll.hasLiving(at: now))
        roll.take(presence("alive"), at: now.adding(seconds: -15))
        #expect(roll.hasLiving(at: now))
        let candidates = roll.candidates(active: [], passedOver: [], now: now)
        #expect(candidates.map(\.agent) == ["alive", "short"])
        #expect(candidates.map(\.silentSince) == [nil, now.adding(seconds: -16)])
    }

    @Test func whatTheControllerHasDecidedIsTakenOver() {
        var roll = AgentRoll()
        roll.take(presence("x"), at: now)
        let passed = PassedOver(
            agent: "x", instance: "x-1", until: now.adding(seconds: 9), cause: "declined its last stage: full")
        let stranger = PassedOver(agent: "z", instance: "z-1", until: now, cause: "")
        let candidate = roll.candidates(active: [], passedOver: [passed, stranger], now: now).first
        #expect(
            candidate?.verdict(on: StringMap(), now: now)
                == .passedOver(until: now.adding(seconds: 9), cause: "declined its last stage: full"))
    }
}
