import Model
import TestSupport
import Testing

@testable import Planning

@Suite("Scheduling")
struct ScheduleTests {
    private let now = Timestamp(seconds: 1000)

    private func agent(
        _ name: String, kinds: [String] = ["build"], slots: Int = 1, free: Int? = nil, labels: StringMap = [:],
        repositories: [String] = []
    ) -> Candidate {
        Candidate(
            agent: name, instance: "\(name)-i", kinds: kinds, labels: labels, slots: slots, free: free ?? slots,
            repositories: repositories)
    }

    private func ready(
        _ run: String, _ stage: String = "s", pipeline: String = "p", kind: String = "build", selector: StringMap = [:],
        priority: Int = 0, since: Int64 = 0, repository: String? = nil
    ) -> ReadyStage {
        ReadyStage(
            run: run, stage: stage, pipeline: pipeline, kind: kind, selector: selector, priority: priority,
            since: Timestamp(seconds: since), repository: repository)
    }

    private func place(
        _ ready: [ReadyStage], _ candidates: [Candidate], bound: [PipelineShare] = []
    ) -> Placement {
        schedule(SchedulingInput(ready: ready, candidates: candidates, bound: bound, now: now))
    }

    private func placed(_ placement: Placement) -> [String] {
        placement.bindings.map { "\($0.run)/\($0.stage)→\($0.agent)" }
    }

    @Test func `the highest priority goes first, however long others have waited`() {
        let placement = place([ready("r1", since: 0), ready("r2", priority: 5, since: 9)], [agent("a")])
        #expect(placed(placement) == ["r2/s→a"])
        #expect(placement.unplaced.map(\.run) == ["r1"])
    }

    @Test func `among equals the pipeline with the fewest bound goes first, those of this pass counted`() {
        let queue = [
            ready("r1", "x", pipeline: "big", since: 0), ready("r1", "y", pipeline: "big", since: 0),
            ready("r1", "z", pipeline: "big", since: 0), ready("r2", "x", pipeline: "small", since: 9),
            ready("r2", "y", pipeline: "small", since: 9),
        ]
        #expect(placed(place(queue, [agent("a", slots: 4)])) == ["r1/x→a", "r2/x→a", "r1/y→a", "r2/y→a"])
        let busy = place(queue, [agent("a", slots: 3)], bound: [PipelineShare(pipeline: "big", stages: 2)])
        #expect(placed(busy) == ["r2/x→a", "r2/y→a", "r1/x→a"])
    }

    /// Passes over a queue, one slot becoming free before each; gives what is placed in each.
    private func places(_ queue: [ReadyStage], slots: Int, bound: [PipelineShare], passes: Int) -> [ReadyStage] {
        var queue = queue
        // By pipeline, the one that has had its stage longest first.
        var running = bound.flatMap { share in [String](repeating: share.pipeline, count: share.stages) }
        var order: [ReadyStage] = []
        for _ in 0..<passes {
            if running.count == slots { running.removeFirst() }
            var shares: [PipelineShare] = []
            for pipeline in running {
                if let place = shares.firstIndex(where: { $0.pipeline == pipeline }) {
                    shares[place].stages += 1
                } else {
                    shares.append(PipelineShare(pipeline: pipeline, stages: 1))
                }
            }
            let placement = place(queue, [agent("a", slots: slots, free: slots - running.count)], bound: shares)
            for binding in placement.bindings {
                guard let index = queue.firstIndex(where: { $0.run == binding.run && $0.stage == binding.stage }) else {
                    continue
                }
                let stage = queue.remove(at: index)
                order.append(stage)
                running.append(stage.pipeline)
            }
        }
        return order
    }

    @Test func `three stages of one pipeline don't wait for a thousand of another`() {
        let many = (0..<1000).map { ready("big-\($0)", pipeline: "big", since: Int64($0 % 7)) }
        let few = (0..<3).map { ready("small-\($0)", pipeline: "small", since: 999) }
        let order = places(
            many + few, slots: 4, bound: [PipelineShare(pipeline: "big", stages: 4)], passes: 12)
        #expect(order.count == 12)
        // They came last, and are served as slots become free: half of the slots are theirs.
        #expect(order.prefix(2).map(\.pipeline) == ["small", "small"])
        #expect(order.prefix(6).count { $0.pipeline == "small" } == 3)
        #expect(order.suffix(6).allSatisfy { $0.pipeline == "big" })
    }

    @Test func `a higher priority overtakes a thousand that wait, even those of its own pipeline`() {
        let many = (0..<1000).map { ready("low-\($0)", pipeline: "p", since: 0) }
        let urgent = ready("urgent", pipeline: "p", priority: 1, since: 999)
        let order = places(many + [urgent], slots: 4, bound: [PipelineShare(pipeline: "p", stages: 4)], passes: 3)
        #expect(order.map(\.run).first == "urgent")
    }

    @Test func `a busy agent holds up nothing that an idle one of its kind can take`() {
        let fleet = [agent("busy", slots: 1, free: 0, repositories: ["h/r"]), agent("idle", slots: 50)]
        let placement = place((0..<50).map { ready("r\($0)", repository: "h/r") }, fleet)
        #expect(placement.unplaced.isEmpty)
        #expect(placement.bindings.allSatisfy { $0.agent == "idle" })
    }

    @Test func `then the oldest, then the run's UID, then the order of its stages`() {
        let queue = [
            ready("r2", "x", since: 5), ready("r1", "b", since: 5), ready("r1", "a", since: 5), ready("r3", since: 1),
        ]
        #expect(placed(place(queue, [agent("a", slots: 9)])) == ["r3/s→a", "r1/b→a", "r1/a→a", "r2/x→a"])
    }

    struct Offer: Sendable {
        var name: String
        var kinds = ["build"]
        var labels: StringMap = [:]
        var free = 1
        var drains = false
        var takes: Bool
    }

    @Test(arguments: [
        Offer(name: "the kind is offered", kinds: ["lint", "build"], takes: true),
        Offer(name: "the kind isn't", kinds: ["lint"], takes: false),
        Offer(name: "the labels are there", labels: ["arch": "arm64", "zone": "a"], takes: true),
        Offer(name: "no slot is free", labels: ["arch": "arm64"], free: 0, takes: false),
        Offer(name: "it drains", labels: ["arch": "arm64"], drains: true, takes: false),
    ])
    func `an agent takes what it offers`(offer: Offer) {
        var candidate = agent("a", kinds: offer.kinds, slots: 2, free: offer.free, labels: offer.labels)
        candidate.isDraining = offer.drains
        let selector: StringMap = offer.labels.isEmpty ? [:] : ["arch": "arm64"]
        #expect(place([ready("r1", selector: selector)], [candidate]).bindings.isEmpty == !offer.takes, "\(offer.name)")
    }

    @Test func `an agent that lacks a label takes nothing that asks for it`() {
        let placement = place([ready("r1", selector: ["arch": "arm64"])], [agent("a", labels: ["arch": "amd64"])])
        #expect(placement.bindings.isEmpty)
    }

    @Test func `one that has the repository goes first, then the smallest fraction in use, then the id`() {
        let fleet = [
            agent("d", slots: 10, free: 6), agent("c", slots: 2, free: 1), agent("b", slots: 2, free: 2),
            agent("a", slots: 2, free: 2), agent("z", slots: 4, free: 2, repositories: ["h/r"]),
        ]
        #expect(placed(place([ready("r1", repository: "h/r")], fleet)) == ["r1/s→z"])
        #expect(placed(place([ready("r1", repository: "h/x")], fleet)) == ["r1/s→a"])
        let many = place((0..<12).map { ready("r\($0 + 10)") }, fleet)
        #expect(many.bindings.map(\.agent) == ["a", "b", "d", "a", "b", "c", "d", "z", "d", "d", "z", "d"])
    }

    @Test func `a full mirror isn't waited for`() {
        let fleet = [agent("a"), agent("z", slots: 1, repositories: ["h/r"])]
        #expect(
            placed(place([ready("r1", repository: "h/r"), ready("r2", repository: "h/r")], fleet)) == [
                "r1/s→z", "r2/s→a",
            ])
    }

    @Test func `an agent of several kinds has its slots once`() {
        let placement = place(
            [ready("r1", kind: "lint"), ready("r2", kind: "build"), ready("r3", kind: "lint")],
            [agent("a", kinds: ["lint", "build"], slots: 2)])
        #expect(placement.bindings.count == 2)
        #expect(placement.unplaced.map(\.message) == ["1 agent offers `lint`: 1 busy"])
    }

    @Test func `one that was passed over is tried again when its time has come`() {
        var passed = agent("a")
        passed.passedOverUntil = now.adding(seconds: 5)
        let waiting = place([ready("r1")], [passed])
        #expect(waiting.bindings.isEmpty)
        #expect(waiting.lookAgain == now.adding(seconds: 5))
        #expect(waiting.unplaced.first?.isHopeless == false)
        passed.passedOverUntil = now
        #expect(place([ready("r1")], [passed]).bindings.count == 1)
    }

    @Test func `what can't be placed says why, in words a person can act on`() {
        let fleet = [
            agent("a", free: 0, labels: ["arch": "arm64"]), agent("b", free: 0, labels: ["arch": "arm64"]), agent("c"),
        ]
        let placement = place([ready("r1", selector: ["arch": "arm64"]), ready("r2", "d", kind: "deploy")], fleet)
        #expect(
            placement.unplaced == [
                Placement.Unplaced(
                    run: "r1", stage: "s", reason: Reason.agentsBusy,
                    message: "3 agents offer `build`: 2 busy, 1 lacks label arch=arm64", isHopeless: false),
                Placement.Unplaced(
                    run: "r2", stage: "d", reason: Reason.noAgent,
                    message: "no agent offers `deploy`: start one with `martlet agent --kind deploy`", isHopeless: true),
            ])
    }

    @Test func `labels that nobody has are hopeless`() {
        let placement = place([ready("r1", selector: ["arch": "riscv"])], [agent("a")])
        #expect(placement.unplaced.first?.isHopeless == true)
        #expect(placement.unplaced.first?.message == "1 agent offers `build`: 1 lacks label arch=riscv")
    }

    @Test func `on hold nothing is assigned, and every stage says so`() {
        var input = SchedulingInput(ready: [ready("r1"), ready("r2")], candidates: [agent("a", slots: 2)], now: now)
        input.hold = "Kafka is out of reach"
        let placement = schedule(input)
        #expect(placement.bindings.isEmpty)
        #expect(placement.unplaced.map(\.reason) == [Reason.kafkaUnreachable, Reason.kafkaUnreachable])
    }

    @Test func `the answer is written into a queued stage, and only there`() throws {
        var driver = try RunDriver(PipelineSpec([stage("a"), stage("b", needs: ["a"])]))
        driver.pass()
        for stage in ["a", "b"] {
            let isNews = explain(
                Placement.Unplaced(run: "u1", stage: stage, reason: "NoAgent", message: "none", isHopeless: true),
                in: &driver.run.status)
            #expect(isNews == (stage == "a"))
        }
        #expect(driver.message("a") == "none")
        #expect(driver.message("b") == "waits for `a`")
        driver.pass()
        #expect(driver.message("a") == "none")
    }

    @Test func `the order of the input makes no difference, and no slot is given twice`() {
        var random = SeededGenerator(seed: 7)
        for _ in 0..<200 {
            let fleet = (0..<Int.random(in: 0..<6, using: &random)).map { number in
                let slots = Int.random(in: 1..<4, using: &random)
                return agent(
                    "a\(number)", kinds: Bool.random(using: &random) ? ["build"] : ["build", "lint"], slots: slots,
                    free: Int.random(in: 0...slots, using: &random),
                    labels: Bool.random(using: &random) ? ["arch": "arm64"] : [:],
                    repositories: Bool.random(using: &random) ? ["h/r"] : [])
            }
            let queue = (0..<Int.random(in: 0..<12, using: &random)).map { number in
                ready(
                    "r\(number)", pipeline: "p\(Int.random(in: 0..<3, using: &random))",
                    kind: Bool.random(using: &random) ? "build" : "lint",
                    selector: Bool.random(using: &random) ? [:] : ["arch": "arm64"],
                    priority: Int.random(in: 0..<2, using: &random), since: Int64.random(in: 0..<3, using: &random),
                    repository: Bool.random(using: &random) ? "h/r" : nil)
            }
            let placement = place(queue, fleet)
            #expect(place(queue.shuffled(using: &random), fleet.shuffled(using: &random)) == placement)
            let held = SchedulingInput(ready: queue, candidates: fleet, hold: "Kafka is away", now: now)
            var shuffled = held
            shuffled.ready.shuffle(using: &random)
            #expect(schedule(shuffled) == schedule(held))
            #expect(placement.bindings.count + placement.unplaced.count == queue.count)
            for candidate in fleet {
                #expect(placement.bindings.count { $0.agent == candidate.agent } <= candidate.free)
            }
            // Nothing waits for what is free: whoever isn't placed finds no agent that matches with a slot left.
            for unplaced in placement.unplaced {
                guard let stage = queue.first(where: { $0.run == unplaced.run }) else { continue }
                let left = fleet.filter { candidate in
                    candidate.kinds.contains(stage.kind) && stage.selector.isContained(in: candidate.labels)
                        && candidate.free > placement.bindings.count { $0.agent == candidate.agent }
                }
                #expect(left.isEmpty)
            }
        }
    }
}
