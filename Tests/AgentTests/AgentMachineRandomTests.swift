import AgentProtocol
import Model
import TestSupport
import Testing

@testable import Agent

struct AgentMachineRandomTests {
    /// What surrounds one agent: it sees everything the agent does and complains.
    struct World {
        var dice: SeededGenerator
        var machine: AgentMachine
        let slots: Int
        var now = start
        var wake: Int64?
        var works: Set<Fence> = []
        var killed: Set<Fence> = []
        var started: [Fence: Int] = [:]
        var stored: [Fence: [String]] = [:]
        var sent: [(number: Int, report: AgentReport)] = []
        var presences: [Int] = []
        var lastSequence = 0
        var hasExited = false
        var lastStage = 0
        var steps = 0
        var complaints: [String] = []

        init(seed: UInt64) {
            dice = SeededGenerator(seed: seed)
            slots = Int.random(in: 1...4, using: &dice)
            var settings = AgentSettings.sample(slots: slots)
            settings.drainGraceSeconds = 20
            settings.selfFenceSeconds = 30
            settings.keepsReports = true
            machine = AgentMachine(settings)
        }

        mutating func handle(_ event: AgentEvent) {
            for action in machine.handle(event, at: now) { perform(action) }
            if machine.busySlots > slots { complaints.append("\(machine.busySlots) of \(slots) slots are taken") }
        }

        mutating func perform(_ action: AgentAction) {
            if hasExited { complaints.append("\(action) after the end") }
            switch action {
            case .send(let report, let number):
                if case .finished = report.event, works.contains(report.fence) {
                    complaints.append("\(report.fence) is said to be finished and runs")
                }
                sent.append((number, report))
            case .start(let assignment):
                let fence = assignment.fence
                if !(stored[fence] ?? []).contains("claimed") { complaints.append("\(fence) started without a claim") }
                if started[fence] != nil { complaints.append("\(fence) started twice") }
                started[fence] = 1
                works.insert(fence)
                if works.count > slots { complaints.append("\(works.count) works on \(slots) slots") }
            case .kill(let fence): killed.insert(fence)
            case .announce(let presence):
                if presence.sequence <= lastSequence { complaints.append("sequence \(presence.sequence) did not rise") }
                lastSequence = presence.sequence
                for fence in works where !presence.held.contains(where: { $0.fence == fence.description }) {
                    complaints.append("\(fence) runs and isn't listed")
                }
                presences.append(presence.sequence)
            case .wake(let time):
                if time <= now.uptime { complaints.append("asked to be woken in the past") }
                wake = time
            case .exit: hasExited = true
            case .terminate, .keep, .drop, .expectTraffic, .mention: break
            }
        }

        mutating func answerReport(at place: Int, stored isStored: Bool) {
            let (number, report) = sent.remove(at: place)
            guard isStored else { return handle(.reportRefused(number)) }
            switch report.event {
            case .claimed: stored[report.fence, default: []].append("claimed")
            case .finished(let outcome): stored[report.fence, default: []].append("finished \(outcome.result)")
            case .declined(let reason): stored[report.fence, default: []].append("declined: \(reason)")
            case .progress: break
            }
            handle(.reportAcknowledged(number))
        }

        mutating func endWork(_ fence: Fence) {
            works.remove(fence)
            handle(.workEnded(fence, outcome(killed.contains(fence) ? .cancelled : .succeeded)))
        }

        mutating func pass(_ seconds: Double) {
            let end = now.after(seconds)
            while let time = wake, time <= end.uptime {
                wake = nil
                now = now.after(Double(time - now.uptime) / 1_000_000)
                handle(.woke)
            }
            now = end
        }

        /// Mostly new ones, and now and then one that has been there before.
        mutating func someStage() -> Int {
            lastStage += Int.random(in: 0...1, using: &dice)
            return max(0, lastStage - Int.random(in: 0..<6, using: &dice))
        }

        mutating func step() {
            steps += 1
            switch Int.random(in: 0..<100, using: &dice) {
            case 0..<25: handle(.assign(someStage()))
            case 25..<29:
                handle(
                    .message(
                        .assign(assignment(someStage()) { $0.script = "other" })))
            case 29..<32: handle(.message(stop(assignment(someStage()))))
            case 32..<36: handle(.assign(lastStage))
            case 36..<62:
                // The first, mostly: a broker answers in order.
                for _ in 0..<min(sent.count, Int.random(in: 1...8, using: &dice)) {
                    answerReport(at: 0, stored: Int.random(in: 0..<8, using: &dice) > 0)
                }
            case 62..<76: if let fence = works.min() { endWork(fence) }
            case 76..<80: if let fence = killed.intersection(works).min() { endWork(fence) }
            case 80..<86:
                if !presences.isEmpty {
                    let sequence = presences.removeFirst()
                    handle(
                        Bool.random(using: &dice)
                            ? .presenceAcknowledged(sequence: sequence) : .presenceLost(sequence: sequence))
                }
            case 86..<88 where steps % 8 == 0: handle(.message(.report(instance: nil)))
            case 88..<89 where steps % 4 == 0: handle(.ready)
            case 89..<98: pass(Double.random(in: 0...2, using: &dice))
            case 98..<99 where steps % 4 == 0: pass(Double.random(in: 0...40, using: &dice))
            case 99 where steps % 4 == 0: now = now.after(Double.random(in: 0...40, using: &dice))
            default: break
            }
        }

        /// Everything is heard and everything ends.
        mutating func calmDown() {
            handle(.ready)
            for _ in 0..<10_000 {
                if let sequence = presences.first {
                    presences.removeFirst()
                    handle(.presenceAcknowledged(sequence: sequence))
                } else if !sent.isEmpty {
                    answerReport(at: 0, stored: true)
                } else if let fence = works.min() {
                    endWork(fence)
                } else if machine.heldCount > 0 {
                    pass(1)
                } else {
                    break
                }
            }
        }
    }

    @Test(arguments: 1...60)
    func `whatever happens, every start ends in a finish that is heard`(seed: UInt64) {
        var world = World(seed: seed)
        world.handle(.ready)
        for _ in 0..<800 { world.step() }
        world.calmDown()
        #expect(world.complaints == [])
        #expect(world.machine.heldCount == 0)
        #expect(!world.started.isEmpty)
        for fence in world.started.keys.sorted() {
            let ends = Set((world.stored[fence] ?? []).filter { $0.hasPrefix("finished") })
            #expect(ends.count == 1, "\(fence): \(ends)")
        }
        world.handle(.drainRequested)
        world.calmDown()
        world.pass(60)
        #expect(world.hasExited)
    }

    @Test func `the same events lead to the same actions`() {
        func trace(_ seed: UInt64) -> [String] {
            var world = World(seed: seed)
            world.handle(.ready)
            for _ in 0..<500 { world.step() }
            return world.stored.keys.sorted().map { "\($0): \(world.stored[$0] ?? [])" }
        }
        #expect(trace(5) == trace(5))
    }
}
