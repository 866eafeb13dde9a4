internal import Model

/// What a fleet of agents makes of the runs that come.
package struct CapacityReport: Equatable, Sendable {
    /// Half of the values are at most `p50`, all but a twentieth at most `p95`; in seconds.
    package struct Spread: Equatable, Sendable {
        package var p50 = 0.0
        package var p95 = 0.0

        init(_ microseconds: [Int64]) {
            let sorted = microseconds.sorted()
            p50 = Self.value(sorted, at: 50)
            p95 = Self.value(sorted, at: 95)
        }

        private static func value(_ sorted: [Int64], at percent: Int) -> Double {
            guard !sorted.isEmpty else { return 0 }
            let place = (sorted.count * percent + 99) / 100
            return Double(sorted[max(0, place - 1)]) / 1_000_000
        }
    }

    package struct Kind: Equatable, Sendable {
        package var kind: String
        package var agents: Int
        package var slots: Int
        /// Attempts that were run.
        package var attempts: Int
        /// From ready to running.
        package var wait: Spread
        /// The part of all slots' time that was used, from 0 to 1.
        package var utilisation: Double
    }

    package var succeeded = 0
    package var failed = 0
    /// From the first run's creation to the last one's end, in seconds.
    package var makespan = 0.0
    package var runsPerHour = 0.0
    /// From a run's creation to its end.
    package var run: Spread
    package var kinds: [Kind] = []
    /// The reasons of runs that failed, the first of each.
    package var failures: [String] = []
    package var violations: [Violation] = []

    /// The kind that everything waits for, if one is used up nearly all the time.
    package var bottleneck: Kind? {
        kinds.filter { $0.utilisation >= 0.85 }.max { $0.utilisation < $1.utilisation }
    }
}

/// Plays what is asked.
package func simulate(_ plan: CapacityPlan) -> CapacityReport {
    let world = World(plan.scenario)
    world.run()
    var runTimes: [Int64] = []
    var waits: [String: [Int64]] = [:]
    var report = CapacityReport(run: CapacityReport.Spread([]))
    report.violations = world.judge.violations
    var first = Int64.max
    var last = Int64.min
    for uid in world.store.uids {
        guard let run = world.store.run(uid), let created = run.metadata.creationTimestamp,
            let end = run.status.completionTime
        else { continue }
        first = min(first, created.microseconds)
        last = max(last, end.microseconds)
        runTimes.append(end.since(created))
        if run.status.succeeded?.status == .true {
            report.succeeded += 1
        } else {
            report.failed += 1
            let reason = "\(run.status.succeeded?.reason ?? "?"): \(run.status.succeeded?.message ?? "")"
            if !report.failures.contains(reason), report.failures.count < 5 { report.failures.append(reason) }
        }
        for stage in run.status.stages {
            guard let queued = stage.queuedTime, let start = stage.startTime, stage.attempt > 0 else { continue }
            waits[world.judge.kind(of: stage.id, in: run), default: []].append(max(0, start.since(queued)))
        }
    }
    report.run = CapacityReport.Spread(runTimes)
    let span = runTimes.isEmpty ? 0 : last - first
    report.makespan = Double(span) / 1_000_000
    if span > 0 { report.runsPerHour = Double(runTimes.count) / (Double(span) / 3_600_000_000) }
    var kinds: [String] = []
    for kind in plan.agents.compactMap(\.kinds.first) where !kinds.contains(kind) { kinds.append(kind) }
    for kind in kinds {
        let agents = plan.agents.filter { $0.kinds.first == kind }
        let slots = agents.reduce(0) { $0 + $1.slots }
        let mine = world.judge.executions.filter { $0.agent.plan.kinds.first == kind }
        let busy = mine.reduce(0) { $0 + (($1.endedAt ?? world.now) - $1.startedAt) }
        report.kinds.append(
            CapacityReport.Kind(
                kind: kind, agents: agents.count, slots: slots, attempts: mine.count,
                wait: CapacityReport.Spread(waits[kind] ?? []),
                utilisation: span > 0 && slots > 0 ? Double(busy) / (Double(span) * Double(slots)) : 0))
    }
    return report
}
