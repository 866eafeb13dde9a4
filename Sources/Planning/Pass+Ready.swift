import Model

/// A stage whose needs are met: what else it waits for.
extension Pass {
    mutating func prepare(_ place: Int, _ graph: StageGraph, _ slots: inout MatrixSlots) {
        let stage = graph.stages[place]
        if stage.templates.whenNeedsSource || !stage.isApproval, isSourceMissing {
            if isPaused {
                hold(place, .waiting, Reason.paused, pausedText)
            } else {
                let reason = if case .retrying = source { Reason.retryingSource } else { Reason.resolvingSource }
                hold(place, .waiting, reason, source.sentence)
            }
            return
        }
        if !stage.templates.when.isEmpty || stage.templates.hasReferences {
            let values = ReferenceValues(run: run, graph: graph, status: plan.status)
            do {
                if let clause = try values.unmetClause(at: place) {
                    end(place, .skipped, Reason.whenNotMet, "its `when` doesn't hold: \(clause)")
                    return
                }
                if let complaint = try valueComplaint(stage, at: place, values) {
                    end(place, .failed, Reason.valueTooLarge, complaint)
                    return
                }
            } catch {
                end(place, .failed, Reason.unresolvedReference, "`$(\(error.reference))` has no value")
                return
            }
        }
        if stage.isApproval {
            decideApproval(place, stage)
            return
        }
        if isPaused {
            hold(place, .waiting, Reason.paused, pausedText)
            return
        }
        if let retryAt = plan.status.stages[place].retryAt, retryAt > now {
            // A controller whose clock is ahead may have set it: no wait is longer than the back-off that it is for.
            let longest = now.adding(microseconds: longestBackOff(place, stage))
            if retryAt > longest { plan.status.stages[place].retryAt = longest }
            lookAgain(at: min(retryAt, longest))
            if plan.status.stages[place].reason != Reason.backOff {
                let failures = plan.status.stages[place].failures
                hold(place, .waiting, Reason.backOff, "failed \(failures) times\(Self.triesAgain) after a while")
            }
            return
        }
        guard slots.take(stage.group) else {
            let limit = stage.spec.matrix?.maxParallel ?? 0
            hold(place, .waiting, Reason.maxParallel, "\(limit) combinations of `\(stage.name)` run at once")
            return
        }
        queue(place, stage)
    }

    private func longestBackOff(_ place: Int, _ stage: StageGraph.Stage) -> Int64 {
        let status = plan.status.stages[place]
        guard let retry = stage.spec.retry else { return 0 }
        return BackOff.delay(retry, failures: status.failures, fence: status.fence(in: uid))
    }

    private mutating func queue(_ place: Int, _ stage: StageGraph.Stage) {
        if plan.status.stages[place].state != .queued {
            plan.status.stages[place].state = .queued
            plan.status.stages[place].reason = Reason.queued
            plan.status.stages[place].message = message("waits for an agent that offers `\(stage.kind)`")
            plan.status.stages[place].retryAt = nil
            if plan.status.stages[place].queuedTime == nil { plan.status.stages[place].queuedTime = now }
        }
        if plan.status.stages[place].queuedTime == nil { plan.status.stages[place].queuedTime = now }
    }

    /// The stages that wait for a slot, in the pipeline's order.
    mutating func collectReady(_ graph: StageGraph) {
        for place in plan.status.stages.indices where plan.status.stages[place].state == .queued {
            let stage = graph.stages[place]
            plan.ready.append(
                ReadyStage(
                    run: uid, stage: stage.id, pipeline: run.share, kind: stage.kind,
                    selector: run.selector(of: stage), priority: run.spec.priority + stage.spec.priority,
                    since: plan.status.stages[place].queuedTime ?? now,
                    repository: graph.repository(of: plan.status.source)))
        }
    }

    private var pausedText: String { "the run is paused; set desiredState to Running to go on" }

    // MARK: The source

    /// Whether the commit is needed and not known yet.
    private var isSourceMissing: Bool {
        guard plan.status.source == nil else { return false }
        switch source {
        case .unresolved, .retrying: return true
        case .none, .resolved, .failed: return false
        }
    }

    /// Stores the commit once, or asks for it.
    mutating func observeSource(_ graph: StageGraph) {
        guard plan.status.source == nil else { return }
        switch source {
        case .none: break
        case .resolved(let commit): plan.status.source = commit
        case .failed(let detail):
            // A run that was cancelled stays so; only its `finally` can't run.
            let wantsAgent = plan.status.stages.indices.contains {
                !plan.status.stages[$0].state.isFinal && !graph.stages[$0].isApproval
            }
            guard ending == nil, wantsAgent else { return }
            ending = .sourceUnavailable
            endingDetail = detail
        case .unresolved, .retrying:
            plan.wantsSource =
                !isPaused
                && plan.status.stages.indices.contains {
                    !plan.status.stages[$0].state.isFinal
                        && (!graph.stages[$0].isApproval || graph.stages[$0].templates.whenNeedsSource)
                        && (ending == nil || graph.stages[$0].isFinally)
                }
        }
    }

    // MARK: Values

    /// Whether what the stage's references stand for fits into an assignment.
    private func valueComplaint(
        _ stage: StageGraph.Stage, at place: Int, _ values: ReferenceValues
    ) throws(UnresolvedReference) -> String? {
        guard stage.templates.hasReferences else { return nil }
        let templates = stage.templates
        for (settings, limit) in [(templates.env, StageGraph.envLimit), (templates.with, StageGraph.withLimit)] {
            for setting in settings where !setting.value.references.isEmpty {
                let size = try setting.value.resolved { values.value(of: $0, at: place) }.utf8.count
                if size > limit {
                    return "`\(setting.name)` is \(size) bytes long with its references replaced; at most \(limit) "
                        + "are allowed"
                }
            }
        }
        return nil
    }

    // MARK: Approvals

    private mutating func decideApproval(_ place: Int, _ stage: StageGraph.Stage) {
        let since = plan.status.stages[place].queuedTime ?? now
        if plan.status.stages[place].queuedTime == nil { plan.status.stages[place].queuedTime = now }
        let rerun = plan.status.observedRerun
        let decisions = run.spec.approvals.filter { $0.rerun == rerun }
        let decision =
            decisions.first { $0.stage == stage.id }
            ?? decisions.first { $0.stage == stage.name }
        switch decision?.decision {
        case .approved:
            end(place, .succeeded, Reason.approved, nil)
            return
        case .rejected:
            end(place, .failed, Reason.rejected, "rejected")
            return
        case nil: break
        }
        if let seconds = stage.spec.timeoutSeconds {
            let deadline = since.adding(seconds: seconds)
            if deadline <= now {
                end(place, .failed, Reason.timeout, "nobody decided within \(seconds) s")
                return
            }
            lookAgain(at: deadline)
        }
        let question = stage.spec.approval?.message.map { "\($0) " } ?? ""
        hold(
            place, .waiting, Reason.approvalPending,
            "\(question)(approve with `martlet approve \(run.metadata.name) \(stage.id)`)")
    }
}
