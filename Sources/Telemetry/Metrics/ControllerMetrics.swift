package import Controller
package import Model
package import Planning
package import PrometheusMetrics
internal import Synchronization

/// Counts what a leading controller does, and asks it how things stand when somebody looks at the metrics.
package final class ControllerMetrics: ControllerObserver {
    /// How many kinds of agents have series of their own: kinds are users' words.
    package static let kindLimit = 64
    /// From a millisecond, which a hand-over takes, to the five minutes after which somebody should have looked.
    package static let handoffBounds = [
        0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300,
    ]
    package static let durationBounds = [
        0.1, 0.5, 1, 5, 10, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 21_600,
    ]
    package static let stepBounds = [
        0.000_1, 0.000_25, 0.000_5, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5,
    ]
    /// The kind of stages that wait for a person.
    private static let approval = "approval"

    private let kinds = BoundedWords(limit: ControllerMetrics.kindLimit)
    private let runsStarted: Counter
    private let runs: Counter
    private let runDuration: Histogram
    private let stages: Counter
    private let stageDuration: Histogram
    private let handoff: Histogram
    private let stageRetries: Counter
    private let declined: Counter
    private let lost: Counter.Series
    private let stale: Counter.Series
    private let warnings: Counter.Series
    private let inputs: Counter.Series
    private let waited: Histogram.Series
    private let took: Histogram.Series
    private let writeRetries: Counter.Series

    private struct State {
        /// Of active runs, by stage: the last attempt whose hand-off has been counted.
        var begun: [String: [Int]] = [:]
        var passedOver = 0
    }

    private let state = Mutex(State())

    /// - Parameter gauges: How things stand; nil where this process doesn't lead.
    package init(
        in registry: MetricsRegistry, gauges: @escaping @Sendable () async -> ControllerGauges?
    ) {
        runsStarted = registry.counter("martlet_runs_started_total", "Runs that have started, reruns included.")
        runs = registry.counter(
            "martlet_runs_total", "Runs that have ended, by the reason of their Succeeded condition.",
            labels: ["outcome"])
        runDuration = registry.histogram(
            "martlet_run_duration_seconds", "From a run's start (or its last rerun's) to its end.",
            bounds: Self.durationBounds)
        stages = registry.counter(
            "martlet_stages_total", "Stages that have ended, by their kind of agent and their state.",
            labels: ["kind", "outcome"])
        stageDuration = registry.histogram(
            "martlet_stage_duration_seconds", "From the claim of a stage's last attempt to the stage's end.",
            labels: ["kind"], bounds: Self.durationBounds)
        handoff = registry.histogram(
            "martlet_stage_handoff_seconds", "From the moment a stage was ready to its claim by an agent.",
            labels: ["kind"], bounds: Self.handoffBounds)
        stageRetries = registry.counter(
            "martlet_stage_retries_total", "Attempts that failed by themselves and are followed by another.",
            labels: ["kind"])
        declined = registry.counter(
            "martlet_stage_declines_total", "Assignments that an agent declined, or did not claim in time.",
            labels: ["kind"])
        lost = registry.counter("martlet_leases_lost_total", "Attempts that were lost with their agent.").with()
        stale = registry.counter(
            "martlet_stale_messages_total", "Reports about an attempt other than the stored one, dropped."
        ).with()
        warnings = registry.counter(
            "martlet_warnings_total", "Problems of the controller's that an operator may want to know."
        ).with()
        inputs = registry.counter("martlet_workqueue_inputs_total", "What the controller's loop has taken in.").with()
        waited = registry.histogram(
            "martlet_workqueue_wait_seconds", "How long the first input of a step of the controller's loop had waited.",
            bounds: Self.stepBounds
        ).with()
        took = registry.histogram(
            "martlet_workqueue_step_seconds", "What a step of the controller's loop took.", bounds: Self.stepBounds
        ).with()
        writeRetries = registry.counter(
            "martlet_status_write_retries_total", "Status writes that failed and were to be made again."
        ).with()
        registry.collect { [self] collection in
            let gauges = await gauges()
            collection.add(Self.leading, gauges == nil ? 0 : 1)
            if let gauges { add(gauges, to: &collection) }
        }
    }

    // MARK: What happens

    package func observed(_ run: PipelineRun, happenings: [Happening], isStored: Bool) {
        countHandoffs(run)
        for happening in happenings { count(happening, of: run) }
    }

    package func followed(_ event: StoreEvent) {
        switch event {
        case .listed(let runs, _):
            // What runs by now was handed over before this process looked, or has been counted.
            state.withLock { state in
                let former = state.begun
                state.begun = [:]
                for run in runs where !run.status.isFinished {
                    state.begun[run.uid] = former[run.uid] ?? run.status.stages.map(Self.attemptBegun)
                }
            }
        case .runGone(let uid): state.withLock { _ = $0.begun.removeValue(forKey: uid) }
        case .run, .pipeline, .pipelineGone, .drained: break
        }
    }

    package func passedOver(_ instances: [PassedOver]) {
        state.withLock { $0.passedOver = instances.count }
    }

    package func warned(_ warning: ControllerWarning) { warnings.add() }

    package func droppedStale(_ report: StageReport) { stale.add() }

    package func stepped(_ step: StepFigures) {
        inputs.add(step.inputs)
        waited.observe(Self.seconds(step.waited))
        took.observe(Self.seconds(step.took))
        if step.retries > 0 { writeRetries.add(step.retries) }
    }

    private func count(_ happening: Happening, of run: PipelineRun) {
        switch happening {
        case .runStarted: runsStarted.add()
        case .runEnded(_, let reason, _):
            runs.add(1, Self.outcome(reason))
            if let start = run.status.startTime, let end = run.status.completionTime {
                runDuration.observe(Self.seconds(end.since(start)))
            }
        case .stageEnded(let id, let ended, _, _):
            let kind = kind(of: id, in: run)
            stages.add(1, kind, ended.rawValue)
            // A later pass of the same write may have made something else of it.
            guard let stage = run.status[stage: id], stage.state == ended, let start = stage.startTime,
                let end = stage.completionTime
            else { return }
            stageDuration.observe(Self.seconds(end.since(start)), kind)
        case .stageRetried(let id, _, _): stageRetries.add(1, kind(of: id, in: run))
        case .stageDeclined(let id, _): declined.add(1, kind(of: id, in: run))
        case .stageLost: lost.add()
        }
    }

    private func countHandoffs(_ run: PipelineRun) {
        let stages = run.status.stages
        let news = state.withLock { state -> [Int] in
            // It has ended before, and all that it came to has been counted.
            if run.status.isFinished, state.begun[run.uid] == nil { return [] }
            var begun = state.begun[run.uid] ?? []
            if begun.count != stages.count { begun = [Int](repeating: 0, count: stages.count) }
            var news: [Int] = []
            for (place, stage) in stages.enumerated() {
                let attempt = Self.attemptBegun(stage)
                guard attempt > begun[place] else { continue }
                begun[place] = attempt
                news.append(place)
            }
            // A rerun's attempts go on from the last one's, so that nothing of an ended run has to be kept; what it kept
            // of its stages would count again, but for the time that it began.
            state.begun[run.uid] = run.status.isFinished ? nil : begun
            return news
        }
        for place in news {
            guard let ready = stages[place].queuedTime, let start = stages[place].startTime,
                run.status.startTime.map({ start >= $0 }) ?? true
            else { continue }
            handoff.observe(Self.seconds(start.since(ready)), kind(of: stages[place].id, in: run))
        }
    }

    private static func attemptBegun(_ stage: StageStatus) -> Int {
        stage.startTime == nil ? max(0, stage.attempt - 1) : stage.attempt
    }

    /// The kind of agent that a stage goes to, within the bound.
    private func kind(of id: String, in run: PipelineRun) -> String {
        let name = id.prefix { $0 != "." }
        let spec = run.status.pipelineSpec ?? run.spec.pipelineSpec
        let stage = spec?.stages.first { $0.name == name } ?? spec?.finally.first { $0.name == name }
        guard let stage else { return MetricFamily.other }
        return stage.approval == nil ? kinds[stage.agentKind] : Self.approval
    }

    private static let outcomes: Set<String> = [
        Reason.succeeded, Reason.completedWithFailures, Reason.stageFailed, Reason.cancelled, Reason.runTimeout,
        Reason.invalidSpec, Reason.specChanged, Reason.pipelineNotFound, Reason.concurrencyRejected, Reason.superseded,
        Reason.sourceUnavailable, Reason.statusRejected,
    ]

    /// A reason that runs end for, or `Other`.
    private static func outcome(_ reason: String) -> String { outcomes.contains(reason) ? reason : "Other" }

    private static func seconds(_ microseconds: Int64) -> Double { Double(microseconds) / 1_000_000 }

    // MARK: How things stand

    private static let leading = MetricFamily(
        "martlet_leading", .gauge, "Whether this process's controller leads.")
    private static let queued = MetricFamily(
        "martlet_queue_stages", .gauge, "Stages that wait for an agent.", labels: ["kind"])
    private static let oldestWait = MetricFamily(
        "martlet_queue_oldest_wait_seconds", .gauge, "How long the oldest stage that waits for an agent has waited.",
        labels: ["kind"])
    private static let agents = MetricFamily(
        "martlet_agents", .gauge, "Agents that are there. One of several kinds counts for each.", labels: ["kind"])
    private static let draining = MetricFamily(
        "martlet_agents_draining", .gauge, "Agents that take nothing more.", labels: ["kind"])
    private static let slots = MetricFamily(
        "martlet_agent_slots", .gauge, "Slots of the agents that aren't draining.", labels: ["kind"])
    private static let busySlots = MetricFamily(
        "martlet_agent_slots_busy", .gauge, "Slots of the agents that aren't draining that hold a stage.",
        labels: ["kind"])
    private static let agentsPassedOver = MetricFamily(
        "martlet_agents_passed_over", .gauge, "Agents that get nothing for a while after they claimed nothing.")
    private static let active = MetricFamily("martlet_runs_active", .gauge, "Runs that have started and not ended.")
    private static let waiting = MetricFamily("martlet_runs_waiting", .gauge, "Runs that wait to start.")
    private static let bound = MetricFamily(
        "martlet_stages_bound", .gauge, "Stages that agents hold or have been given.")
    private static let depth = MetricFamily(
        "martlet_workqueue_depth", .gauge, "What waits for the controller's loop.")
    private static let writes = MetricFamily("martlet_status_writes_active", .gauge, "Status writes under way.")

    private func add(_ gauges: ControllerGauges, to collection: inout MetricsCollection) {
        for kind in byKind(gauges) {
            collection.add(Self.queued, Double(kind.queued), kind.kind)
            collection.add(Self.oldestWait, Self.seconds(kind.oldestWait), kind.kind)
            collection.add(Self.agents, Double(kind.agents), kind.kind)
            collection.add(Self.draining, Double(kind.draining), kind.kind)
            collection.add(Self.slots, Double(kind.slots), kind.kind)
            collection.add(Self.busySlots, Double(kind.busySlots), kind.kind)
        }
        collection.add(Self.agentsPassedOver, Double(state.withLock { $0.passedOver }))
        collection.add(Self.active, Double(gauges.activeRuns))
        collection.add(Self.waiting, Double(gauges.waitingRuns))
        collection.add(Self.bound, Double(gauges.boundStages))
        collection.add(Self.depth, Double(gauges.waitingInputs))
        collection.add(Self.writes, Double(gauges.writesUnderWay))
    }

    /// Within the bound: all that is beyond it as one.
    private func byKind(_ gauges: ControllerGauges) -> [ControllerGauges.Kind] {
        var known: [ControllerGauges.Kind] = []
        var rest: ControllerGauges.Kind?
        for var kind in gauges.kinds {
            kind.kind = kinds[kind.kind]
            guard kind.kind == MetricFamily.other else {
                known.append(kind)
                continue
            }
            var sum = rest ?? ControllerGauges.Kind(kind: MetricFamily.other)
            sum.queued += kind.queued
            sum.oldestWait = max(sum.oldestWait, kind.oldestWait)
            sum.agents += kind.agents
            sum.draining += kind.draining
            sum.slots += kind.slots
            sum.busySlots += kind.busySlots
            rest = sum
        }
        return known + [rest].compactMap { $0 }
    }
}
