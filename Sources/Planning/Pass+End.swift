import Model

/// The run as a whole: its deadline, its end, and what has to be stopped.
extension Pass {
    /// When the run has to be over: counted from its start, or from its last rerun.
    func deadline(_ graph: StageGraph) -> Timestamp? {
        plan.status.startTime?.adding(seconds: graph.spec.timeoutSeconds)
    }

    mutating func observeDeadline(_ graph: StageGraph) {
        guard ending == nil, let deadline = deadline(graph),
            !plan.status.stages[..<graph.finallyStart].allSatisfy({ $0.state.isFinal })
        else { return }
        if deadline <= now {
            ending = .timeout
            endingDetail = "\(graph.spec.timeoutSeconds) s"
        }
    }

    /// Progress and the `Succeeded` condition; the run's end once all its stages have come to theirs.
    mutating func conclude() {
        let stages = plan.status.stages
        let ended = stages.count { $0.state.isFinal }
        let progress = "\(ended)/\(stages.count)"
        if plan.status.progress != progress { plan.status.progress = progress }
        guard ended == stages.count else {
            if let ending {
                setCondition(Condition.succeeded, .unknown, ending.rawValue, windingText(ending))
            } else {
                setCondition(
                    Condition.succeeded, .unknown, isPaused ? Reason.paused : Reason.active, activeText(stages))
            }
            return
        }
        // With nothing left to do there is nothing to look at again for.
        plan.lookAgain = nil
        plan.wantsSource = false
        plan.status.completionTime = now
        let (succeeded, reason, text) = outcome(stages)
        setCondition(Condition.succeeded, succeeded ? .true : .false, reason, text)
        plan.happenings.append(
            .runEnded(succeeded: succeeded, reason: reason, message: bounded(text, to: 1024)))
    }

    private func windingText(_ ending: Ending) -> String {
        // The sentence an earlier pass wrote has the details that this one needn't know any more.
        if endingDetail == nil, let stored = run.status.succeeded, stored.reason == ending.rawValue,
            stored.status == .unknown
        {
            return stored.message
        }
        return endingText(ending) + "; what runs is being stopped"
    }

    private func activeText(_ stages: [StageStatus]) -> String {
        var running = 0
        var queued = 0
        var waiting = 0
        var pending = 0
        var approval: Int?
        var failed: Int?
        for (place, stage) in stages.enumerated() {
            switch stage.state {
            case .running, .assigned: running += 1
            case .queued: queued += 1
            case .waiting:
                waiting += 1
                if approval == nil, stage.reason == Reason.approvalPending { approval = place }
            case .pending: pending += 1
            case .failed: if failed == nil, !stage.isGivenUp { failed = place }
            case .succeeded, .skipped, .cancelled: break
            }
        }
        var parts: [String] = []
        if let failed { parts.append("`\(title(failed))` failed") }
        if running > 0 { parts.append("\(running) running") }
        if queued > 0 { parts.append("\(queued) queued") }
        if let approval { parts.append("`\(title(approval))` waits for approval") }
        if waiting > (approval == nil ? 0 : 1) { parts.append("\(waiting - (approval == nil ? 0 : 1)) waiting") }
        if pending > 0 { parts.append("\(pending) pending") }
        let text = parts.joined(separator: ", ")
        return isPaused ? "paused: \(text)" : text
    }

    private func title(_ place: Int) -> String {
        if isAligned, let graph { return graph.stages[place].title }
        return plan.status.stages[place].id
    }

    private func outcome(_ stages: [StageStatus]) -> (succeeded: Bool, reason: String, message: String) {
        if let ending {
            let succeeded = stages.count { $0.state == .succeeded }
            let text = endingDetail == nil ? storedDetail(ending) : endingText(ending)
            return (false, ending.rawValue, "\(text); \(succeeded) of \(stages.count) stages had succeeded")
        }
        var tolerated: [Int] = []
        var failed: [Int] = []
        for (place, stage) in stages.enumerated() where stage.state == .failed {
            if isAligned, let graph, graph.stages[place].continuesOnFailure {
                tolerated.append(place)
            } else {
                failed.append(place)
            }
        }
        if let first = failed.first(where: { !stages[$0].isGivenUp }) ?? failed.first {
            let what = stages[first].message ?? stages[first].reason ?? "failed"
            return (false, Reason.stageFailed, "`\(title(first))` failed: \(what)")
        }
        if let first = tolerated.first {
            let more = tolerated.count > 1 ? " and \(tolerated.count - 1) more" : ""
            return (
                true, Reason.completedWithFailures, "`\(title(first))`\(more) failed, which the pipeline goes on after"
            )
        }
        let skipped = stages.count { $0.state == .skipped }
        let succeeded = stages.count - skipped
        return (
            true, Reason.succeeded,
            "\(succeeded) \(succeeded == 1 ? "stage" : "stages") succeeded"
                + (skipped > 0 ? ", \(skipped) skipped" : "")
        )
    }

    /// What the stored condition said of the ending, without the part about what was still being stopped.
    private func storedDetail(_ ending: Ending) -> String {
        guard let stored = run.status.succeeded, stored.status == .unknown,
            stored.reason == ending.rawValue, let end = stored.message.lastIndex(of: ";")
        else { return ending.explanation }
        return String(stored.message[..<end])
    }

    /// A run that has started, but whose stages can't be read any more (its spec was changed, or is unknown): what
    /// runs finishes and counts, and nothing starts.
    mutating func windDownWithoutGraph() {
        var hold: (reason: String, text: String)?
        switch obstacle {
        case .specChanged(let detail): hold = (Reason.specChanged, detail)
        case .invalid(let detail):
            if ending == nil {
                ending = .invalid
                endingDetail = detail
            }
        default:
            if graph == nil { hold = (Reason.pipelineNotFound, "the run's pipeline is not known") }
        }
        let seconds =
            plan.status.pipelineSpec?.timeoutSeconds ?? graph?.spec.timeoutSeconds ?? PipelineSpec.defaultTimeoutSeconds
        if ending == nil, let deadline = plan.status.startTime?.adding(seconds: seconds) {
            if deadline <= now { ending = .timeout } else { lookAgain(at: deadline) }
        }
        for place in plan.status.stages.indices {
            let state = plan.status.stages[place].state
            if state.isFinal || state.isBound { continue }
            if let ending {
                end(place, ending.state, ending.rawValue, endingText(ending))
            } else if let hold {
                self.hold(place, .waiting, hold.reason, "nothing starts: \(hold.text)")
            }
        }
        if ending != nil || hold != nil { conclude() }
        orderStops()
    }

    /// Names every attempt that was bound in the stored status and isn't wanted any more; again in each pass for one
    /// that is still bound.
    mutating func orderStops() {
        for (index, stored) in run.status.stages.enumerated() where stored.state.isBound {
            guard let instance = stored.instance, let digest = stored.digest else { continue }
            let isSame = plan.status.stages.indices.contains(index) && plan.status.stages[index].id == stored.id
            let reason: String
            if let place = isSame ? index : place(of: stored.id) {
                let stage = plan.status.stages[place]
                if stage.state.isBound {
                    guard isUnwanted(place), let ending else { continue }
                    reason = endingText(ending)
                } else {
                    // Its own end is what the status shows, or its agent has let go of it.
                    if stage.attempt == stored.attempt, stage.digest == digest { continue }
                    if released.contains(place) { continue }
                    reason = isPaused ? pausedReason : stage.message ?? "a newer attempt takes its place"
                }
            } else {
                reason = "the run has no such stage"
            }
            plan.stops.append(
                StopOrder(fence: stored.fence(in: uid), instance: instance, digest: digest, reason: reason))
        }
    }

    private var pausedReason: String { "the run is paused" }
}
