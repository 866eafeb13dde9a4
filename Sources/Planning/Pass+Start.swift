package import Model

/// Before the start: whether the run makes sense and may go.
extension Pass {
    /// Starts the run if nothing speaks against it; returns whether it has started.
    mutating func admit() -> Bool {
        if plan.status.isFinished {
            guard isRevived else { return false }
            plan.status.completionTime = nil
            plan.status.observedRerun = run.spec.rerunCount
        }
        if plan.status.observedGeneration != run.metadata.generation {
            plan.status.observedGeneration = run.metadata.generation
        }
        if wantsCancel {
            endUnstarted(Reason.cancelled, "cancelled before it started")
            return false
        }
        switch obstacle {
        case .invalid(let detail):
            endInvalid(detail)
            return false
        case .specChanged(let detail):
            setCondition(Condition.accepted, .false, Reason.specChanged, detail)
            hold(Reason.specChanged, detail)
            return false
        case .concurrencyRejected(let detail):
            setCondition(Condition.accepted, .true, Reason.accepted, "")
            endUnstarted(Reason.concurrencyRejected, detail)
            return false
        case .superseded(let detail):
            setCondition(Condition.accepted, .true, Reason.accepted, "")
            endUnstarted(Reason.superseded, detail)
            return false
        case .pipelineNotFound(let detail):
            setCondition(Condition.accepted, .false, Reason.pipelineNotFound, detail)
            hold(Reason.pipelineNotFound, detail)
            return false
        case .pipelineSuspended, .concurrencyLimit, nil: break
        }
        guard let graph else {
            hold(Reason.active, "the pipeline has not been read yet")
            return false
        }
        if let complaint = run.paramComplaint(for: graph.spec) {
            endInvalid(complaint)
            return false
        }
        setCondition(Condition.accepted, .true, Reason.accepted, "")
        switch obstacle {
        case .pipelineSuspended(let detail): hold(Reason.pipelineSuspended, detail)
        case .concurrencyLimit(let detail): hold(Reason.concurrencyLimit, detail)
        default:
            // A run that is made paused starts when it is let go, with the pipeline as it is then.
            if isPaused {
                hold(Reason.paused, pausedBeforeStart)
            } else {
                start(graph)
                return true
            }
        }
        return false
    }

    private var pausedBeforeStart: String {
        guard run.isOfFork else { return "paused before it started; set desiredState to Running to let it go" }
        let revision = run.spec.source?.revision ?? "its commit"
        return "a pull request from a fork: look at \(revision), then set desiredState to Running "
            + "(or comment `/ok-to-test \(revision)`)"
    }

    /// Whether a run that ended without having started is to be looked at again: after a rerun, or where the user has
    /// changed a spec that didn't make sense.
    private var isRevived: Bool {
        if wantsCancel { return false }
        if run.spec.rerunCount > plan.status.observedRerun { return true }
        return plan.status.succeeded?.reason == Reason.invalidSpec
            && plan.status.observedGeneration != run.metadata.generation
    }

    private mutating func start(_ graph: StageGraph) {
        plan.status.startTime = now
        plan.status.observedRerun = run.spec.rerunCount
        if run.spec.pipelineRef != nil { plan.status.pipelineSpec = graph.spec }
        plan.status.stages = graph.stages.map { StageStatus(id: $0.id) }
        plan.happenings.append(.runStarted)
    }

    /// Keeps a run waiting, though not for ever: until it starts, its timeout counts from its creation. One that somebody
    /// wants to run again may be older than that, and waits.
    private mutating func hold(_ reason: String, _ detail: String) {
        let seconds = graph?.spec.timeoutSeconds ?? PipelineSpec.defaultTimeoutSeconds
        if run.spec.rerunCount == 0, let deadline = run.metadata.creationTimestamp?.adding(seconds: seconds) {
            if deadline <= now {
                endUnstarted(Reason.runTimeout, "not started within \(seconds) s of its creation: \(detail)")
                return
            }
            lookAgain(at: deadline)
        }
        setCondition(Condition.succeeded, .unknown, reason, detail)
    }

    private mutating func endInvalid(_ detail: String) {
        setCondition(Condition.accepted, .false, Reason.invalidSpec, detail)
        endUnstarted(Reason.invalidSpec, detail)
    }

    private mutating func endUnstarted(_ reason: String, _ detail: String) {
        plan.status.observedRerun = max(plan.status.observedRerun, run.spec.rerunCount)
        plan.status.completionTime = now
        setCondition(Condition.succeeded, .false, reason, detail)
        plan.happenings.append(.runEnded(succeeded: false, reason: reason, message: bounded(detail, to: 1024)))
    }
}

extension PipelineRun {
    /// What is wrong with the run's params, for the pipeline that declares them.
    package func paramComplaint(for spec: PipelineSpec) -> String? {
        for (index, param) in self.spec.params.enumerated()
        where !spec.params.contains(where: { $0.name == param.name }) {
            let near = Suggestion.nearest(to: param.name, among: spec.params.map(\.name))
            return "params[\(index)]: the pipeline has no param `\(param.name)`"
                + (near.map { " (did you mean `\($0)`?)" } ?? "")
        }
        for param in spec.params
        where param.default == nil && !self.spec.params.contains(where: { $0.name == param.name }) {
            return "param `\(param.name)` has no default and the run doesn't give it"
        }
        return nil
    }
}
