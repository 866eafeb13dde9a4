import Document
import Model
import TestSupport
import Testing

@testable import Planning

/// One run in a world where agents, messages and people do as chance wants, with the rules checked at every step.
struct RandomWorld {
    /// What an agent holds.
    private struct Job {
        var fence: Fence
        var instance: String
        var digest: String
        var isClaimed = false
        var outcome: StageOutcome?
    }

    private var random: SeededGenerator
    private let graph: StageGraph
    private(set) var run: PipelineRun
    private var now = Timestamp(seconds: 1_000_000)
    private var source: SourceState
    private var plan: Plan
    private var jobs: [Job] = []
    /// Reports that are on their way; any of them may come at any time, more than once, or never.
    private var mail: [StageReport] = []
    private var binds = 0
    /// The fence and digest of every end that was accepted.
    private var accepted: [Fence: String] = [:]
    private(set) var passes = 0

    init(seed: UInt64) throws {
        var pipelines = RandomPipeline(random: SeededGenerator(seed: seed))
        let spec = pipelines.spec()
        random = pipelines.random
        graph = try StageGraph(spec)
        run = PipelineRun(
            metadata: Metadata(name: "r", uid: "u", creationTimestamp: now), spec: PipelineRunSpec())
        run.metadata.generation = 1
        if random.chance(50) {
            run.spec.pipelineSpec = spec
        } else {
            run.spec.pipelineRef = PipelineReference(name: "p")
        }
        source = random.chance(50) ? .none : .unresolved(url: "https://h/r", ref: "main")
        plan = Plan(status: run.status)
    }

    /// Chance first, then good will: the run has to come to its end.
    mutating func play() throws {
        for _ in 0..<Int.random(in: 5...60, using: &random) { try step() }
        run.spec.desiredState = run.spec.desiredState == .cancelled ? .cancelled : .running
        try pass([])
        var rounds = 0
        while !run.status.isFinished {
            rounds += 1
            guard rounds < 400 else {
                Issue.record(
                    "the run doesn't end: \(run.status.stages.map { "\($0.id) \($0.state) \($0.reason ?? "")" })")
                return
            }
            try settleDown()
        }
        try pass([])
        #expect(plan.ready.isEmpty && plan.stops.isEmpty && plan.lookAgain == nil && !plan.wantsSource)
        #expect(run.status.stages.allSatisfy { $0.state.isFinal })
        #expect(run.status.succeeded?.status != .unknown)
    }

    // MARK: Chance

    private mutating func step() throws {
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<30: try pass(takeMail())
        case 30..<55: work()
        case 55..<75: bindSome()
        case 75..<83: now = now.adding(seconds: Int.random(in: 0..<40, using: &random))
        case 83..<86: if let time = plan.lookAgain { now = max(now, time) }
        case 86..<90: conclude()
        case 90..<95: decide()
        default: ask()
        }
        if random.chance(50) { try pass([]) }
    }

    private mutating func takeMail() -> [StageReport] {
        mail.shuffle(using: &random)
        var taken: [StageReport] = []
        for report in mail where random.chance(60) {
            taken.append(report)
            if random.chance(15) { taken.append(report) }
        }
        // Some that have come will come again.
        mail.removeAll { _ in random.chance(60) }
        return taken
    }

    private mutating func bindSome() {
        for stage in plan.ready where random.chance(70) {
            guard run.status[stage: stage.stage]?.state == .queued else { continue }
            binds += 1
            let attempt = (run.status[stage: stage.stage]?.attempt ?? 0) + 1
            let job = Job(
                fence: Fence(run: "u", stage: stage.stage, attempt: attempt),
                instance: "i\(Int.random(in: 0..<3, using: &random))", digest: "d\(binds)")
            #expect(run.status.nextFence(of: stage.stage, in: "u") == job.fence)
            Planning.bind(
                &run.status, stage: stage.stage, agent: "a", instance: job.instance, digest: job.digest, now: now)
            jobs.append(job)
        }
        // What was bound is what is stored, before anything else is planned.
        plan.ready = []
    }

    /// One agent does something.
    private mutating func work() {
        guard !jobs.isEmpty else { return }
        let place = Int.random(in: jobs.indices, using: &random)
        if !jobs[place].isClaimed, random.chance(15) {
            send(jobs[place], .declined(reason: "full"))
            jobs.remove(at: place)
        } else if !jobs[place].isClaimed, random.chance(60) {
            jobs[place].isClaimed = true
            send(jobs[place], .claimed(at: now))
        } else if jobs[place].outcome == nil {
            finish(place)
        }
    }

    private mutating func finish(_ place: Int) {
        let results = random.chance(70) ? [Param(name: "r", value: jobs[place].digest)] : []
        let all: [StageOutcome.Result] = [.succeeded, .succeeded, .succeeded, .failed, .timedOut, .cancelled]
        let result = all[Int.random(in: all.indices, using: &random)]
        let outcome = StageOutcome(result, message: "by \(jobs[place].digest)", results: results)
        jobs[place].outcome = outcome
        send(jobs[place], .finished(outcome))
        if random.chance(70) { jobs.remove(at: place) }
    }

    private mutating func send(_ job: Job, _ event: StageReport.Event) {
        guard !random.chance(10) else { return }
        mail.append(StageReport(fence: job.fence, instance: job.instance, digest: job.digest, event: event))
    }

    /// The controller concludes something about an attempt that is bound.
    private mutating func conclude() {
        let bound = run.status.stages.filter { $0.state.isBound }
        guard !bound.isEmpty else { return }
        let stage = bound[Int.random(in: bound.indices, using: &random)]
        let events: [StageReport.Event] = [
            .unclaimed, .overdue, .lost(reason: "gone", excused: false), .lost(reason: "gone", excused: true),
        ]
        mail.append(
            StageReport(
                fence: stage.fence(in: "u"), instance: stage.instance ?? "", digest: stage.digest ?? "",
                event: events[Int.random(in: events.indices, using: &random)]))
    }

    /// A person decides something, for this rerun or another.
    private mutating func decide() {
        for stage in run.status.stages where stage.reason == Reason.approvalPending {
            let decision: ApprovalDecision.Decision = random.chance(80) ? .approved : .rejected
            let rerun = random.chance(80) ? run.status.observedRerun : run.status.observedRerun + 1
            run.spec.approvals.append(ApprovalDecision(stage: stage.id, rerun: rerun, decision: decision))
        }
    }

    private mutating func ask() {
        run.metadata.generation = (run.metadata.generation ?? 0) + 1
        switch Int.random(in: 0..<10, using: &random) {
        case 0..<3: run.spec.desiredState = .paused
        case 3..<7: run.spec.desiredState = .running
        case 7: run.spec.desiredState = .cancelled
        default: if run.spec.rerunCount < 4 { run.spec.rerunCount += 1 }
        }
        if case .unresolved = source, random.chance(70) {
            source = .resolved(ResolvedSource(url: "https://h/r", revision: "c0ffee"))
        }
        if random.chance(5) { source = .failed("no such branch") }
    }

    // MARK: Good will

    private mutating func settleDown() throws {
        if case .unresolved = source { source = .resolved(ResolvedSource(url: "https://h/r", revision: "c0ffee")) }
        for stage in run.status.stages where stage.reason == Reason.approvalPending {
            run.spec.approvals.append(
                ApprovalDecision(stage: stage.id, rerun: run.status.observedRerun, decision: .approved))
        }
        try pass([])
        for stage in plan.ready {
            binds += 1
            Planning.bind(&run.status, stage: stage.stage, agent: "a", instance: "i0", digest: "d\(binds)", now: now)
        }
        plan.ready = []
        var reports: [StageReport] = []
        for stage in run.status.stages where stage.state.isBound {
            let isStopped = plan.stops.contains { $0.fence.stage == stage.id }
            let digest = stage.digest ?? ""
            reports.append(
                StageReport(
                    fence: stage.fence(in: "u"), instance: stage.instance ?? "", digest: digest,
                    event: .finished(
                        StageOutcome(
                            isStopped ? .cancelled : .succeeded, message: "by \(digest)",
                            results: [Param(name: "r", value: digest)]))))
        }
        try pass(reports)
        if let time = plan.lookAgain, reports.isEmpty { now = max(now, time) }
    }

    // MARK: The rules

    private mutating func pass(_ reports: [StageReport]) throws {
        passes += 1
        let before = run.status
        let observation = Observation(run: run, graph: graph, source: source, reports: reports, now: now)
        plan = Planning.plan(for: observation)
        run.status = plan.status
        #expect(Planning.plan(for: observation) == plan, "the same input gives the same output")
        checkSettled()
        try checkEncoding(observation)
        checkReports(reports)
        checkProgress(from: before)
        checkReady()
        checkStops(from: before, reports)
        checkExplanation()
        for stage in run.status.stages where stage.state != .running {
            #expect(stage.reason?.isEmpty == false, "\(stage.id) \(stage.state) has no reason")
        }
        if run.spec.desiredState == .paused {
            #expect(plan.ready.isEmpty)
            #expect(!plan.wantsSource)
        }
    }

    private func checkSettled() {
        let again = Planning.plan(for: Observation(run: run, graph: graph, source: source, now: now))
        if again.status != run.status {
            var differences: [String] = []
            for (old, new) in zip(run.status.conditions, again.status.conditions) where old != new {
                differences.append("\(old.reason): \(old.message) → \(new.reason): \(new.message)")
            }
            for (old, new) in zip(run.status.stages, again.status.stages) where old != new {
                differences.append("\(old) → \(new)")
            }
            Issue.record("a second pass changes \(differences)")
        }
        #expect(again.ready == plan.ready)
        #expect(again.lookAgain == plan.lookAgain)
        #expect(again.wantsSource == plan.wantsSource)
        #expect(again.happenings.isEmpty)
    }

    private func checkEncoding(_ observation: Observation) throws {
        let node = try parseJSON(FieldWriter.bytes(observation.run.status))
        let read = FieldReader.read(PipelineRunStatus.self, from: node, strict: true)
        #expect(read.problems.isEmpty)
        var restarted = observation
        restarted.run.status = read.value
        #expect(Planning.plan(for: restarted) == plan, "a plan survives a restart")
    }

    private mutating func checkReports(_ reports: [StageReport]) {
        #expect(plan.verdicts.count == reports.count)
        for (report, verdict) in zip(reports, plan.verdicts) where verdict == .accepted {
            guard case .finished = report.event else { continue }
            let execution = "\(report.instance)/\(report.digest)"
            #expect((accepted[report.fence] ?? execution) == execution, "\(report.fence) is accepted of one execution")
            accepted[report.fence] = execution
        }
        for stage in run.status.stages where stage.state == .succeeded && stage.reason == Reason.succeeded {
            #expect(accepted[stage.fence(in: "u")] != nil, "\(stage.id) succeeded by a report")
            #expect(stage.message == stage.digest.map { "by \($0)" }, "its result is that of the stored digest")
        }
    }

    private func checkProgress(from before: PipelineRunStatus) {
        let isRerun = before.observedRerun != run.status.observedRerun
        for (old, new) in zip(before.stages, run.status.stages) {
            #expect(old.id == new.id)
            #expect(old.attempt == new.attempt, "only a binding raises the attempt")
            if old.state.isFinal, !isRerun { #expect(new == old, "what has ended stays") }
        }
        if before.isFinished, !isRerun { #expect(run.status.isFinished) }
    }

    private func checkReady() {
        let stages = run.status.stages
        let halting = graph.stages.indices.filter {
            stages.indices.contains($0) && stages[$0].state == .failed && !stages[$0].isGivenUp
                && !graph.stages[$0].continuesOnFailure && !graph.stages[$0].isFinally
        }
        for ready in plan.ready {
            guard let place = graph.place(of: ready.stage) else {
                Issue.record("\(ready.stage) is unknown")
                continue
            }
            let stage = graph.stages[place]
            #expect(stages[place].state == .queued)
            for need in stage.needs {
                let state = stages[need].state
                let reason = stages[need].reason
                let goesOn = graph.stages[need].continuesOnFailure
                #expect(
                    state == .succeeded || (state == .failed && goesOn)
                        || (state == .skipped && reason == Reason.whenNotMet)
                        || (state == .skipped && reason == Reason.failFast && goesOn),
                    "\(ready.stage) starts before \(graph.stages[need].id), \(state)")
            }
            if stage.isFinally {
                #expect(stages[..<graph.finallyStart].allSatisfy { $0.state.isFinal })
            } else {
                #expect(
                    halting.allSatisfy { graph.stages[$0].group == stage.group && !stage.failsFast },
                    "\(ready.stage) starts though the run halts")
            }
        }
        for (group, places) in graph.groups.enumerated() {
            guard let limit = graph.stages[places.lowerBound].spec.matrix?.maxParallel else { continue }
            let active = places.count {
                stages.indices.contains($0) && (stages[$0].state.isBound || stages[$0].state == .queued)
            }
            let bound = places.count { stages.indices.contains($0) && stages[$0].state.isBound }
            #expect(active <= max(limit, bound), "group \(group) runs \(active) of \(limit)")
        }
    }

    /// Every stage that isn't running says why, and every reason names a way out, whoever is there.
    private mutating func checkExplanation() {
        let fleet = (0..<Int.random(in: 0...4, using: &random)).map { number in
            let slots = Int.random(in: 0...2, using: &random)
            var candidate = Candidate(
                agent: "a\(number)", instance: "i\(number)", kinds: random.chance(80) ? ["shell"] : ["lint"],
                slots: slots, free: Int.random(in: 0...slots, using: &random), isDraining: random.chance(20))
            if random.chance(20) { candidate.passedOverUntil = now.adding(seconds: 3) }
            if random.chance(10) { candidate.silentSince = now }
            return candidate
        }
        let input = ExplanationInput(
            run: run, graph: graph, source: random.chance(50) ? source : nil,
            agents: random.chance(80) ? .known(fleet) : .outOfReach("no answer"), isControlled: random.chance(90),
            now: now)
        let explanation = Planning.explanation(of: input)
        #expect(explanation == Planning.explanation(of: input), "the same input gives the same output")
        if !run.status.stages.isEmpty { #expect(explanation.stages.map(\.status) == run.status.stages) }
        for stage in explanation.stages {
            let state = stage.status.state
            #expect(stage.gates.isEmpty == (state.isFinal || state == .running), "\(stage.id) \(state)")
            #expect((stage.end != nil) == state.isFinal, "\(stage.id) \(state)")
            #expect(!stage.gates.contains(.due), "\(stage.id) \(state) \(stage.status.reason ?? "") is held by nothing")
            for gate in stage.gates {
                #expect(!gate.text(\.description).isEmpty && !gate.remedy(run: "r").isEmpty, "\(gate)")
            }
        }
        guard case .known = input.agents, input.isControlled, !run.status.isFinished else { return }
        // Whatever waits for a slot has a reason of each agent of its kind.
        for ready in plan.ready {
            let gates = explanation.stages.first { $0.id == ready.stage }?.gates ?? []
            let named = gates.compactMap {
                if case .agents(let demand) = $0 { demand.agents.map(\.agent) } else { nil }
            }
            #expect(named == [fleet.filter { $0.kinds.contains("shell") }.map(\.agent)], "\(ready.stage)")
        }
    }

    /// Whatever was bound and is no longer wanted is stopped, unless its agent said itself that it is over.
    private func checkStops(from before: PipelineRunStatus, _ reports: [StageReport]) {
        for old in before.stages where old.state.isBound {
            guard let new = run.status[stage: old.id], !(new.state.isBound && new.attempt == old.attempt) else {
                continue
            }
            let isOver = reports.contains { report in
                guard report.fence == old.fence(in: "u"), report.digest == old.digest else { return false }
                switch report.event {
                case .finished, .declined: return true
                case .claimed, .unclaimed, .lost, .overdue: return false
                }
            }
            #expect(isOver || plan.stops.contains { $0.fence == old.fence(in: "u") }, "\(old.id) is stopped")
        }
        for stop in plan.stops {
            #expect(before.stages.contains { $0.fence(in: "u") == stop.fence && $0.digest == stop.digest })
        }
    }
}
