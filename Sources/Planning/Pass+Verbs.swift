import Model

/// What the user asks of a run that goes already: rerun and pause.
extension Pass {
    /// Runs failed, cancelled and skipped stages again, all that need them, and `finally`; the results of the others
    /// are kept.
    ///
    /// A stage that its own `when` left out stays so unless it needs one of those: nothing that its `when` looks at
    /// has changed, and what needs it ran all the same.
    mutating func rerun() {
        guard let graph else { return }
        var isReset = [Bool](repeating: false, count: graph.stages.count)
        for place in graph.order {
            let ended: Bool =
                switch plan.status.stages[place].state {
                case .failed, .cancelled: true
                case .skipped: plan.status.stages[place].reason != Reason.whenNotMet
                // Already told to stop.
                case .assigned, .running: ending != nil
                case .pending, .waiting, .queued, .succeeded: false
                }
            isReset[place] =
                ended || graph.stages[place].isFinally || graph.stages[place].needs.contains { isReset[$0] }
        }
        plan.status.observedRerun = run.spec.rerunCount
        ending = nil
        guard isReset.contains(true) else { return }
        for place in isReset.indices where isReset[place] { reset(place) }
        resultsSize = nil
        if plan.status.isFinished { plan.happenings.append(.runStarted) }
        plan.status.completionTime = nil
        plan.status.startTime = now
        setCondition(Condition.succeeded, .unknown, Reason.active, "runs again")
    }

    private mutating func reset(_ place: Int) {
        let old = plan.status.stages[place]
        var stage = StageStatus(id: old.id)
        stage.attempt = old.attempt
        plan.status.stages[place] = stage
    }

    /// Takes back, while the run is paused, what no agent has claimed yet.
    mutating func withdraw() {
        for place in plan.status.stages.indices where plan.status.stages[place].state == .assigned && !isUnwanted(place)
        {
            plan.status.stages[place].unbind()
            plan.status.stages[place].state = .queued
            plan.status.stages[place].reason = Reason.queued
            plan.status.stages[place].message = nil
        }
    }
}
