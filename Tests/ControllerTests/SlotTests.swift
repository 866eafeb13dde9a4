import AgentProtocol
import Model
import Planning
import TestSupport
import Testing

@testable import Controller

/// Whatever becomes of assignments, agents, writes and runs, every slot is free again in the end.
@Suite struct SlotTests {
    @Test(arguments: 0..<8)
    func noMixOfTroublesLeaksASlot(batch: Int) {
        for number in 0..<25 {
            var chaos = Chaos(seed: UInt64(batch * 1000 + number))
            chaos.play()
        }
    }
}

/// A controller among agents that decline, fall deaf, die and come back, and a store that fails.
private struct Chaos {
    private struct Agent {
        var name: String
        var slots: Int
        var start = 1
        var isAlive = true
        /// What it has claimed.
        var held: [Assignment] = []
        var instance: String { "\(name)-\(start)" }
    }

    private let seed: UInt64
    private var random: SeededGenerator
    private var world = World()
    private var agents: [Agent]
    /// Assignments that the broker has not answered for.
    private var unanswered: [Assignment] = []
    private var runs = 0
    private var isLinkUp = true
    /// A status that replaces a refused one frees its attempts before that is stored, and may never be: a slot can
    /// then be given twice, and the agent declines.
    private var hasRefused = false

    init(seed: UInt64) {
        self.seed = seed
        random = SeededGenerator(seed: seed)
        agents = ["x", "y", "z"].map { name in Agent(name: name, slots: 1) }
        for place in agents.indices { agents[place].slots = Int.random(in: 1...3, using: &random) }
    }

    mutating func play() {
        world.acknowledges = false
        world.list()
        for place in agents.indices { announce(place) }
        for _ in 0..<Int.random(in: 30...120, using: &random) {
            trouble()
            check()
        }
        comeToRest()
    }

    private mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }

    // MARK: Trouble

    private mutating func trouble() {
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<18: addRun()
        case 18..<40: receive(willing: 60)
        case 40..<55: finishSome()
        case 55..<70: passTime(Int.random(in: 1...12, using: &random))
        case 70..<76: die()
        case 76..<82: comeBack()
        case 82..<86: world.answersWrites.toggle()
        case 86..<91: answerWrites(badly: true)
        case 91..<94: cancel()
        case 94..<96: delete()
        case 96..<98:
            isLinkUp.toggle()
            world.step(.channel(.link(isUp: isLinkUp)))
        default: answerTokens()
        }
        if chance(50) { receive(willing: 50) }
        if world.answersWrites { answerWrites(badly: false) }
    }

    private mutating func addRun() {
        runs += 1
        let stages = (0..<Int.random(in: 1...4, using: &random)).map { number in
            var stage = StageSpec(name: "s\(number)", run: "true")
            if number > 0, random.next() % 2 == 0 { stage.needs = ["s\(number - 1)"] }
            if random.next() % 3 == 0 {
                stage.retry = Retry()
                stage.retry?.limit = 1
                stage.retry?.backoffSeconds = 1
            }
            return stage
        }
        world.list(sampleRun("u\(runs)", stages: stages))
    }

    /// Agents read what they were sent: claim it, decline it, or never hear of it; and the broker answers for it.
    private mutating func receive(willing: Int) {
        for assignment in world.takeAssignments() { unanswered.append(assignment) }
        for stop in takeStops() {
            for place in agents.indices where agents[place].instance == stop.instance {
                guard let held = agents[place].held.firstIndex(where: { $0.fence.description == stop.fence }) else {
                    continue
                }
                let assignment = agents[place].held.remove(at: held)
                world.says(.finished(StageOutcome(.cancelled)), of: assignment)
            }
        }
        for assignment in unanswered.shuffled(using: &random) where chance(70) {
            if let place = unanswered.firstIndex(of: assignment) { unanswered.remove(at: place) }
            let isDelivered = chance(85)
            // The answer of the broker and that of the agent come in any order.
            let answersFirst = chance(50)
            if answersFirst { published(assignment, isDelivered) }
            if isDelivered, let place = agents.firstIndex(where: { $0.instance == assignment.instance && $0.isAlive }) {
                if chance(willing), agents[place].held.count < agents[place].slots {
                    if !agents[place].held.contains(assignment) { agents[place].held.append(assignment) }
                    world.claims(assignment)
                } else if chance(60) {
                    world.says(.declined(reason: "no room"), of: assignment)
                }
            }
            if !answersFirst { published(assignment, isDelivered) }
        }
    }

    private mutating func takeStops() -> [Stop] {
        let stops = world.sent.compactMap { if case .stop(let stop) = $0 { stop } else { nil } }
        world.sent.removeAll { if case .stop = $0 { true } else { false } }
        return stops
    }

    private mutating func published(_ assignment: Assignment, _ isDelivered: Bool) {
        world.step(.published(fence: assignment.fence, digest: assignment.digest, delivered: isDelivered))
    }

    private mutating func finishSome() {
        for place in agents.indices where agents[place].isAlive {
            for assignment in agents[place].held where chance(50) {
                agents[place].held.removeAll { $0 == assignment }
                let results: [StageOutcome.Result] = [.succeeded, .succeeded, .failed, .timedOut, .cancelled]
                // One in ten is lost on its way: the agent died with it.
                if chance(90) {
                    world.says(
                        .finished(StageOutcome(results[Int.random(in: results.indices, using: &random)])),
                        of: assignment)
                }
            }
        }
    }

    private mutating func passTime(_ seconds: Int) {
        for second in 0..<seconds {
            world.pass(seconds: 1)
            if second % 3 == 0 { for place in agents.indices { announce(place) } }
            if chance(30) { answerTokens() }
        }
    }

    private mutating func announce(_ place: Int) {
        let agent = agents[place]
        guard agent.isAlive, isLinkUp else { return }
        world.presence(agent.name, instance: agent.instance, slots: agent.slots, held: agent.held)
    }

    private mutating func die() {
        let place = Int.random(in: agents.indices, using: &random)
        guard agents[place].isAlive else { return }
        agents[place].isAlive = false
        agents[place].held = []
    }

    private mutating func comeBack() {
        for place in agents.indices where !agents[place].isAlive && chance(60) {
            agents[place].isAlive = true
            agents[place].start += 1
            announce(place)
        }
    }

    private mutating func answerWrites(badly: Bool) {
        let writes = world.writes
        world.writes = []
        for write in writes {
            let outcome: WriteOutcome
            switch badly ? Int.random(in: 0..<6, using: &random) : 5 {
            case 0: outcome = .failed("disk full")
            case 1:
                outcome = .refused("too large")
                hasRefused = true
            case 2: outcome = world.stored[write.uid].map { .conflict($0) } ?? .gone
            default: outcome = world.answer(write)
            }
            world.step(.wrote(uid: write.uid, outcome))
        }
    }

    private mutating func cancel() {
        guard let uid = someRun() else { return }
        world.change(uid) { $0.desiredState = .cancelled }
    }

    private mutating func delete() {
        guard let uid = someRun() else { return }
        world.stored[uid] = nil
        world.step(.store(.runGone(uid: uid)))
    }

    private mutating func someRun() -> String? {
        world.stored.keys.sorted().randomElement(using: &random)
    }

    private mutating func answerTokens() {
        let tokens = world.tokens
        world.tokens = []
        for token in tokens { world.step(.channel(.caughtUp(token: token))) }
        let lookUps = world.lookUps
        world.lookUps = []
        for uid in lookUps {
            world.step(.looked(uid: uid, world.stored[uid].map { .found($0) } ?? .absent))
        }
    }

    // MARK: Rules

    /// The counts are those of the claims, at every moment.
    private func check() {
        let machine = world.machine
        var byInstance: [String: Int] = [:]
        var byPipeline: [String: Int] = [:]
        for claim in machine.claims.values {
            byInstance[claim.instance, default: 0] += 1
            byPipeline[claim.pipeline, default: 0] += 1
        }
        #expect(machine.boundByInstance == byInstance, "seed \(seed)")
        #expect(machine.boundByPipeline == byPipeline, "seed \(seed)")
        for agent in agents where !hasRefused {
            #expect(byInstance[agent.instance] ?? 0 <= agent.slots, "seed \(seed): \(agent.name) has too many")
        }
        let claimed = Set(machine.claimsByRun.values.joined())
        #expect(claimed == Set(machine.claims.keys), "seed \(seed)")
    }

    private mutating func comeToRest() {
        world.answersWrites = true
        isLinkUp = true
        world.step(.channel(.link(isUp: true)))
        for place in agents.indices where !agents[place].isAlive {
            agents[place].isAlive = true
            agents[place].start += 1
        }
        for uid in world.stored.keys.sorted() where world.stored[uid]?.status.isFinished == false && chance(50) {
            world.change(uid) { $0.desiredState = .cancelled }
        }
        for _ in 0..<400 {
            answerWrites(badly: false)
            receive(willing: 100)
            for place in agents.indices {
                let held = agents[place].held
                agents[place].held = []
                for assignment in held { world.says(.finished(StageOutcome(.succeeded)), of: assignment) }
            }
            passTime(3)
            answerTokens()
            check()
            if world.stored.values.allSatisfy(\.status.isFinished) { break }
        }
        passTime(6)
        let open = world.stored.values.filter { !$0.status.isFinished }.map(\.metadata.name).sorted()
        #expect(open.isEmpty, "seed \(seed): \(open) do not end")
        let machine = world.machine
        #expect(machine.claims.isEmpty, "seed \(seed)")
        #expect(machine.claimsByRun.isEmpty, "seed \(seed)")
        #expect(machine.boundByInstance.isEmpty, "seed \(seed)")
        #expect(machine.boundByPipeline.isEmpty, "seed \(seed)")
        #expect(machine.readyRuns.isEmpty, "seed \(seed)")
        #expect(machine.writing == 0, "seed \(seed)")
        let candidates = machine.fleet.candidates(
            bound: { machine.boundByInstance[$0] ?? 0 }, isBound: { _, _ in false })
        for agent in agents {
            let candidate = candidates.first { $0.instance == agent.instance }
            #expect(candidate?.free == agent.slots, "seed \(seed): \(agent.name)")
        }
    }
}
