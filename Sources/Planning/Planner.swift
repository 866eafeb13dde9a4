import Model

/// Decides what one run's status should be now, given all that is known.
///
/// A pure function, and settled after one pass: planning again with the new status, no reports and the same time
/// changes nothing. Takes time in proportion to stages and the edges between them.
package func plan(for observation: Observation) -> Plan {
    var pass = Pass(observation)
    pass.decide()
    return pass.plan
}

/// One pass over one run: the observation and the plan that grows from it.
struct Pass {
    let run: PipelineRun
    let graph: StageGraph?
    let obstacle: Obstacle?
    let source: SourceState
    let reports: [StageReport]
    let uid: String
    let now: Timestamp
    var plan: Plan
    var ending: Ending?
    /// What the ending says beyond its name.
    var endingDetail: String?
    /// Whether each stage of the status is at the place that the graph gives it.
    var isAligned = false
    /// Stages whose agents said in this pass that they don't hold them any more.
    var released: [Int] = []
    /// Results of all stages together in bytes, once asked for.
    var resultsSize: Int?

    init(_ observation: Observation) {
        run = observation.run
        graph = observation.graph
        obstacle = observation.obstacle
        source = observation.source
        reports = observation.reports
        uid = observation.run.uid
        now = observation.now
        plan = Plan(status: observation.run.status)
    }

    var wantsCancel: Bool {
        run.spec.desiredState == .cancelled || run.metadata.deletionTimestamp != nil
    }

    var isPaused: Bool { run.spec.desiredState == .paused }

    mutating func decide() {
        if plan.status.startTime == nil {
            plan.verdicts = reports.map { _ in .stale }
            guard admit() else { return }
        }
        proceed()
    }

    /// A run that has started: what was reported, what is wanted, what follows.
    private mutating func proceed() {
        let wasFinished = plan.status.isFinished
        if plan.status.observedGeneration != run.metadata.generation {
            plan.status.observedGeneration = run.metadata.generation
        }
        checkSpec()
        align()
        if !wasFinished { ending = Ending(storedIn: plan.status) }
        if !wasFinished, ending == nil, wantsCancel { ending = .cancelled }
        for (index, report) in reports.enumerated() where plan.verdicts.count <= index {
            plan.verdicts.append(apply(report))
        }
        if wantsRerun, isAligned { rerunInTurn() }
        guard !plan.status.isFinished else { return }
        if case .superseded(let detail) = obstacle, ending == nil {
            ending = .superseded
            endingDetail = detail
        }
        guard let graph, isAligned, !isHeld else {
            windDownWithoutGraph()
            return
        }
        observeSource(graph)
        observeDeadline(graph)
        if isPaused { withdraw() }
        evaluate(graph)
        conclude()
        orderStops()
    }

    /// Whether the run has started, but what it was started with is no longer there to go on.
    private var isHeld: Bool {
        if case .specChanged = obstacle { true } else { false }
    }

    private mutating func checkSpec() {
        switch obstacle {
        case .specChanged(let detail): setCondition(Condition.accepted, .false, Reason.specChanged, detail)
        case .concurrencyLimit(let detail) where plan.status.isFinished && wantsRerun:
            setCondition(Condition.accepted, .true, Reason.concurrencyLimit, "the rerun waits: \(detail)")
        default: setCondition(Condition.accepted, .true, Reason.accepted, "")
        }
    }

    var wantsRerun: Bool { run.spec.rerunCount > plan.status.observedRerun && !wantsCancel }

    /// A run that has ended takes a place in its concurrency group again, as a new one would; one that is active has its
    /// place.
    private mutating func rerunInTurn() {
        guard plan.status.isFinished else { return rerun() }
        switch obstacle {
        case .concurrencyLimit: break
        case .concurrencyRejected(let detail): refuseRerun(Reason.concurrencyRejected, detail)
        case .superseded(let detail): refuseRerun(Reason.superseded, detail)
        case .invalid, .pipelineNotFound, .pipelineSuspended, .specChanged, nil: rerun()
        }
    }

    /// How the run had ended stays to be seen in its stages; a success stays one.
    private mutating func refuseRerun(_ reason: String, _ detail: String) {
        plan.status.observedRerun = run.spec.rerunCount
        guard plan.status.succeeded?.status != .true else { return }
        setCondition(Condition.succeeded, .false, reason, "not run again: \(detail)")
    }

    /// Brings the status's stages into the graph's order: they are, unless somebody else wrote the status.
    private mutating func align() {
        guard let graph, !isHeld else { return }
        isAligned = true
        let stages = plan.status.stages
        if stages.count == graph.stages.count, stages.indices.allSatisfy({ stages[$0].id == graph.stages[$0].id }) {
            return
        }
        var places: [String: Int] = [:]
        for (place, stage) in stages.enumerated() where places[stage.id] == nil { places[stage.id] = place }
        plan.status.stages = graph.stages.map { wanted in
            places[wanted.id].map { stages[$0] } ?? StageStatus(id: wanted.id)
        }
    }

    func place(of id: String) -> Int? {
        isAligned ? graph?.place(of: id) : plan.status.stages.firstIndex { $0.id == id }
    }

    /// Whether the run's ending wants no more of that stage.
    func isUnwanted(_ place: Int) -> Bool {
        guard let ending else { return false }
        guard let graph, isAligned, graph.stages[place].isFinally else { return true }
        return !ending.allowsFinally
    }

    mutating func setCondition(_ type: String, _ status: Condition.Status, _ reason: String, _ message: String) {
        let message = bounded(message, to: 1024)
        if let old = plan.status.conditions[type], old.status == status, old.reason == reason, old.message == message,
            old.observedGeneration == run.metadata.generation
        {
            return
        }
        plan.status.conditions.set(
            type, status, reason: reason, message: message, generation: run.metadata.generation, at: now)
    }

    mutating func lookAgain(at time: Timestamp) {
        if let earlier = plan.lookAgain, earlier <= time { return }
        plan.lookAgain = time
    }

    func message(_ text: String) -> String {
        let limit = graph?.messageLimit ?? StageGraph.messageLimit(stages: plan.status.stages.count)
        return bounded(text, to: limit)
    }
}
