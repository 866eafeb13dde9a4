import Model

/// Says why a run and each of its stages stand where they do.
///
/// A pure function, for commands, a dashboard and an API alike. It finds every gate that isn't open, not only the one
/// that the planner met first. Every stage that neither runs nor has ended has at least one.
package func explanation(of input: ExplanationInput) -> RunExplanation {
    Explainer(input).explanation
}

struct Explainer {
    let input: ExplanationInput
    let run: PipelineRun
    let status: PipelineRunStatus
    let graph: StageGraph?
    let now: Timestamp
    let ending: Ending?

    init(_ input: ExplanationInput) {
        self.input = input
        run = input.run
        now = input.now
        var status = input.run.status
        // What it will go through, where it has not started.
        if status.stages.isEmpty, !status.isFinished, let graph = input.graph {
            status.stages = graph.stages.map { StageStatus(id: $0.id) }
        }
        self.status = status
        // A status of other stages than the graph's is told by its own words alone.
        let isAligned = input.graph.map { graph in
            graph.stages.count == status.stages.count
                && graph.stages.indices.allSatisfy { graph.stages[$0].id == status.stages[$0].id }
        }
        graph = isAligned ?? false ? input.graph : nil
        ending = status.startTime == nil ? nil : Ending(storedIn: status)
    }

    var explanation: RunExplanation {
        var result = RunExplanation(run: run.metadata.name)
        if run.hasEnded {
            result.end = status.succeeded.map { EndCause($0) } ?? .succeeded("")
        } else {
            result.gates = runGates()
            // What is to run again waits without one.
            let creation = run.spec.rerunCount == 0 ? run.metadata.creationTimestamp : nil
            if let graph = input.graph, ending == nil, let start = status.startTime ?? creation {
                result.deadline = start.adding(seconds: graph.spec.timeoutSeconds)
            }
        }
        result.stages = status.stages.map { explain($0, under: result.gates) }
        return result
    }

    private var wantsCancel: Bool {
        run.spec.desiredState == .cancelled || run.metadata.deletionTimestamp != nil
    }

    // MARK: The run

    private func runGates() -> [Gate] {
        var gates: [Gate] = []
        if !input.isControlled { gates.append(.noController) }
        if let ending {
            gates.append(.windingDown(storedText(of: ending) ?? ending.explanation))
        } else if wantsCancel {
            gates.append(.windingDown(Ending.cancelled.explanation))
        }
        if let gate = obstacleGate { gates.append(gate) }
        if run.spec.desiredState == .paused {
            gates.append(run.isHeldFork ? .fork(run.spec.source?.revision ?? "") : .paused)
        }
        if status.startTime != nil, let gate = sourceGate { gates.append(gate) }
        // Without a controller there is nobody who would ask it anything.
        if case .outOfReach(let error) = input.agents, input.isControlled { gates.append(.kafka(error)) }
        if (run.wantsRerun && status.isFinished && obstacleGate == nil) || (status.startTime == nil && gates.isEmpty) {
            gates.append(.unplanned)
        }
        return gates
    }

    private func storedText(of ending: Ending) -> String? {
        status.succeeded.flatMap { $0.reason == ending.rawValue && !$0.message.isEmpty ? $0.message : nil }
    }

    private var obstacleGate: Gate? {
        switch input.obstacle {
        case .invalid(let text): return .invalidSpec(text)
        case .pipelineNotFound(let text): return .pipelineMissing(text)
        case .pipelineSuspended(let text): return .pipelineSuspended(text)
        case .specChanged(let text): return .specChanged(text)
        case .concurrencyLimit(let text): return .concurrencyLimit(withHolders(text))
        case .concurrencyRejected(let text): return .concurrencyRejected(text)
        case .superseded(let text): return .superseded(text)
        case nil: break
        }
        // A group's room is known to the controller alone: what it has stored of it.
        if let accepted = status.conditions[Condition.accepted], accepted.reason == Reason.concurrencyLimit {
            return .concurrencyLimit(withHolders(accepted.message))
        }
        guard status.startTime == nil, let stored = status.succeeded, stored.reason == Reason.concurrencyLimit else {
            return nil
        }
        return .concurrencyLimit(withHolders(stored.message))
    }

    /// Statuses don't name who holds the places: they would change with each of them.
    private func withHolders(_ text: String) -> String {
        guard !input.holders.isEmpty else { return text }
        let named = input.holders.prefix(3).map { "`\($0)`" }
        let rest = input.holders.count - named.count
        return "\(text): \((named + (rest > 0 ? ["\(rest) more"] : [])).joined(separator: ", "))"
    }

    private var sourceGate: Gate? {
        guard status.source == nil, ending?.allowsFinally ?? true else { return nil }
        if let source = input.source {
            switch source {
            case .unresolved: return .source(source.sentence)
            case .retrying, .failed: return .sourceTrouble(source.sentence)
            case .none, .resolved: return nil
            }
        }
        let url = run.spec.source?.url ?? graph?.spec.source?.url
        for stage in status.stages where stage.state == .waiting {
            if stage.reason == Reason.retryingSource { return .sourceTrouble(stage.message ?? url ?? "") }
            if stage.reason == Reason.resolvingSource { return .source(stage.message ?? url ?? "") }
        }
        return url.map { .source("the commit of \($0) isn't known yet") }
    }

    // MARK: Stages

    private func explain(_ stage: StageStatus, under runGates: [Gate]) -> StageExplanation {
        let place = graph?.place(of: stage.id)
        let title = place.flatMap { place in graph?.stages[place].title } ?? stage.id
        var result = StageExplanation(id: stage.id, title: title, status: stage)
        switch stage.state {
        case .succeeded, .failed, .skipped, .cancelled:
            result.end = EndCause(
                stage.state, reason: stage.reason, text: stage.message ?? "", root: place.flatMap { root(of: $0) })
        case .running: result.isHeard = isHeard(stage)
        case .assigned:
            result.gates = runGates.filter(holdsBackClaims)
            result.gates.append(
                .claim(agent: stage.agent ?? "?", since: stage.assignedTime, isHeard: isHeard(stage)))
        case .pending, .waiting, .queued:
            result.gates = runGates.filter { holdsBack(place, $0) }
            if let graph, let place { result.gates += gates(of: stage, at: place, graph) }
            if result.gates.isEmpty { result.gates = [.due] }
        }
        return result
    }

    /// What of the whole run's gates concerns a stage that an agent has not claimed.
    private func holdsBackClaims(_ gate: Gate) -> Bool {
        switch gate {
        case .noController, .windingDown, .paused, .fork, .kafka, .superseded, .specChanged: true
        case .unplanned, .pipelineMissing, .pipelineSuspended, .invalidSpec, .concurrencyLimit, .concurrencyRejected,
            .source, .sourceTrouble, .need, .others, .when, .approval, .backOff, .maxParallel, .agents,
            .unseenAgents, .claim, .due:
            false
        }
    }

    private func holdsBack(_ place: Int?, _ gate: Gate) -> Bool {
        guard let graph, let place else { return true }
        let stage = graph.stages[place]
        switch gate {
        case .windingDown: return !stage.isFinally || !(ending?.allowsFinally ?? true)
        case .paused: return !stage.isApproval || status.startTime == nil
        case .fork: return true
        case .source, .sourceTrouble: return stage.templates.whenNeedsSource || !stage.isApproval
        case .kafka: return !stage.isApproval
        case .noController, .unplanned, .pipelineMissing, .pipelineSuspended, .invalidSpec, .specChanged,
            .concurrencyLimit, .concurrencyRejected, .superseded, .need, .others, .when, .approval, .backOff,
            .maxParallel, .agents, .unseenAgents, .claim, .due:
            return true
        }
    }

    /// What holds back that stage alone, in the order in which the planner looks.
    private func gates(of stage: StageStatus, at place: Int, _ graph: StageGraph) -> [Gate] {
        let compiled = graph.stages[place]
        var gates: [Gate] = []
        if compiled.isFinally, let gate = othersGate(graph) { gates.append(gate) }
        for need in compiled.needs where graph.isMet(need, in: status) != true {
            let other = status.stages[need]
            gates.append(
                .need(
                    Gate.Need(
                        stage: other.id, title: graph.stages[need].title, state: other.state,
                        message: other.message, mayFail: graph.stages[need].continuesOnFailure)))
        }
        if let clause = unmetClause(of: place, graph) { gates.append(.when(clause)) }
        if compiled.isApproval {
            if let gate = approvalGate(stage, compiled) { gates.append(gate) }
            return gates
        }
        if let until = stage.retryAt, until > now {
            let tries = (compiled.spec.retry?.limit ?? 0) + 1
            gates.append(.backOff(until: until, failures: stage.failures, of: tries))
        }
        if let gate = parallelGate(place, graph) { gates.append(gate) }
        if let gate = agentGate(stage, compiled) { gates.append(gate) }
        return gates
    }

    private func othersGate(_ graph: StageGraph) -> Gate? {
        let open = status.stages.indices.filter {
            $0 < graph.finallyStart && graph.stages.indices.contains($0) && !status.stages[$0].state.isFinal
        }
        return open.isEmpty ? nil : .others(open.map { graph.stages[$0].title })
    }

    /// The first clause that can be judged already and doesn't hold.
    private func unmetClause(of place: Int, _ graph: StageGraph) -> String? {
        let templates = graph.stages[place].templates
        if templates.whenNeedsSource, status.source == nil { return nil }
        let values = ReferenceValues(run: run, graph: graph, status: status)
        // A clause about what has not ended has no value yet.
        return (try? values.unmetClause(at: place)) ?? nil
    }

    private func approvalGate(_ stage: StageStatus, _ compiled: StageGraph.Stage) -> Gate? {
        let isDecided = run.spec.approvals.contains {
            $0.rerun == status.observedRerun && ($0.stage == stage.id || $0.stage == compiled.name)
        }
        if isDecided { return nil }
        let deadline = compiled.spec.timeoutSeconds.flatMap { stage.queuedTime?.adding(seconds: $0) }
        return .approval(stage: compiled.name, question: compiled.spec.approval?.message, deadline: deadline)
    }

    private func parallelGate(_ place: Int, _ graph: StageGraph) -> Gate? {
        let compiled = graph.stages[place]
        guard let limit = compiled.spec.matrix?.maxParallel, status.stages[place].state != .queued else { return nil }
        let active = graph.groups[compiled.group].filter { other in
            other != place && (status.stages[other].state.isBound || status.stages[other].state == .queued)
        }
        guard active.count >= limit else { return nil }
        return .maxParallel(limit: limit, stage: compiled.name, active: active.map { graph.stages[$0].title })
    }

    private func agentGate(_ stage: StageStatus, _ compiled: StageGraph.Stage) -> Gate? {
        if stage.state == .queued, stage.reason == Reason.kafkaUnreachable {
            return .kafka("the controller could not reach it when it last looked")
        }
        guard case .known(let candidates) = input.agents else {
            guard stage.state == .queued else { return nil }
            return .unseenAgents(kind: compiled.kind, stored: stage.message ?? "")
        }
        let offering = candidates.filter { $0.kinds.contains(compiled.kind) }
            .sorted { ($0.agent, $0.instance) < ($1.agent, $1.instance) }
        let selector = run.selector(of: compiled)
        let demand = Gate.Demand(
            kind: compiled.kind, selector: selector,
            agents: offering.map { candidate in
                Gate.Demand.Answer(
                    agent: candidate.agent, verdict: candidate.verdict(on: selector, now: now))
            }, others: candidates.count - offering.count)
        // A stage that isn't ready has time for an agent to become free, but not for one that isn't there.
        return stage.state == .queued || !demand.isHopeful ? .agents(demand) : nil
    }

    private func isHeard(_ stage: StageStatus) -> Bool? {
        guard case .known(let candidates) = input.agents else { return nil }
        return candidates.contains { $0.instance == stage.instance && $0.silentSince == nil }
    }

    // MARK: Causes

    /// What failed first of all that led to a stage being left out.
    private func root(of place: Int) -> EndCause.Root? {
        guard let graph, status.stages.indices.contains(place) else { return nil }
        switch status.stages[place].reason {
        case Reason.halted:
            let first = status.stages.indices.first {
                status.stages[$0].state == .failed && !status.stages[$0].isGivenUp && graph.stages.indices.contains($0)
                    && !graph.stages[$0].continuesOnFailure && !graph.stages[$0].isFinally
            }
            return first.map { failure(at: $0, graph) }
        case Reason.needFailed:
            for ancestor in graph.ancestors(of: place) where status.stages.indices.contains(ancestor) {
                let state = status.stages[ancestor].state
                if state == .failed, !graph.stages[ancestor].continuesOnFailure { return failure(at: ancestor, graph) }
            }
            return nil
        default: return nil
        }
    }

    private func failure(at place: Int, _ graph: StageGraph) -> EndCause.Root {
        EndCause.Root(title: graph.stages[place].title, message: status.stages[place].message)
    }
}
