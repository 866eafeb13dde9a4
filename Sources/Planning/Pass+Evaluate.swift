import Model

/// What each stage that no agent holds is to do: wait, and for what, or come to its end.
extension Pass {
    /// Which failures keep other stages from starting.
    private struct Failures {
        /// The first stage whose failure halts the run.
        var first: Int?
        /// Whether stages of more than one group have halted the run.
        var isSpread = false
        /// Stages of the spec of which something failed; empty while nothing did.
        var groups: [Bool]

        func includes(_ group: Int) -> Bool { !groups.isEmpty && groups[group] }
    }

    mutating func evaluate(_ graph: StageGraph) {
        // A stage that fails here, without an agent (a reference without a value, a rejection), changes what those
        // already looked at may do: look again. Each round ends at least one more stage.
        var ended: Int
        repeat {
            ended = plan.happenings.count
            plan.lookAgain = nil
            let failures = failures(graph)
            var slots = MatrixSlots(graph, plan.status)
            for place in graph.order where !graph.stages[place].isFinally {
                evaluate(place, graph, failures, &slots)
            }
        } while hasFailed(since: ended)
        if ending == nil, let deadline = deadline(graph),
            !plan.status.stages[..<graph.finallyStart].allSatisfy({ $0.state.isFinal })
        {
            lookAgain(at: deadline)
        }
        if graph.finallyStart < graph.stages.count { evaluateFinally(graph) }
        collectReady(graph)
    }

    private mutating func evaluateFinally(_ graph: StageGraph) {
        var othersEnded: Timestamp? = plan.status.startTime ?? now
        for place in 0..<graph.finallyStart {
            guard plan.status.stages[place].state.isFinal else {
                othersEnded = nil
                break
            }
            othersEnded = max(othersEnded ?? now, plan.status.stages[place].completionTime ?? now)
        }
        let others = plan.lookAgain
        var ended: Int
        repeat {
            ended = plan.happenings.count
            plan.lookAgain = others
            let failures = failures(graph)
            var slots = MatrixSlots(graph, plan.status)
            for place in graph.order where graph.stages[place].isFinally {
                evaluateFinally(place, graph, othersEnded, failures, &slots)
            }
        } while hasFailed(since: ended)
    }

    private func hasFailed(since count: Int) -> Bool {
        plan.happenings[count...].contains {
            if case .stageEnded(_, .failed, _, _) = $0 { true } else { false }
        }
    }

    private func failures(_ graph: StageGraph) -> Failures {
        var failures = Failures(groups: [])
        for place in plan.status.stages.indices
        where plan.status.stages[place].state == .failed && !plan.status.stages[place].isGivenUp {
            let stage = graph.stages[place]
            if failures.groups.isEmpty {
                failures.groups = [Bool](repeating: false, count: graph.groups.count)
            }
            failures.groups[stage.group] = true
            if stage.continuesOnFailure || stage.isFinally { continue }
            if let first = failures.first {
                if graph.stages[first].group != stage.group { failures.isSpread = true }
            } else {
                failures.first = place
            }
        }
        return failures
    }

    private mutating func evaluate(
        _ place: Int, _ graph: StageGraph, _ failures: Failures, _ slots: inout MatrixSlots
    ) {
        let state = plan.status.stages[place].state
        if state.isFinal || state.isBound { return }
        if let ending {
            end(place, ending.state, ending.rawValue, endingText(ending))
            return
        }
        let stage = graph.stages[place]
        if stage.failsFast, failures.includes(stage.group) {
            giveUp(place, Reason.failFast, "another combination of `\(stage.name)` failed")
            return
        }
        // A matrix that doesn't fail fast goes through all its combinations, though the run fails.
        if let first = failures.first, failures.isSpread || graph.stages[first].group != stage.group {
            halt(place, graph, stage, by: first)
            return
        }
        guard meetsNeeds(place, graph) else { return }
        prepare(place, graph, &slots)
    }

    /// A stage that will not start any more: skipped, or failed where it has failed before and waited to be tried again.
    /// What it failed with stays in its message.
    private mutating func giveUp(_ place: Int, _ reason: String, _ text: String) {
        let stage = plan.status.stages[place]
        let failures = stage.failures
        guard failures > 0 else { return end(place, .skipped, reason, text) }
        guard stage.reason == Reason.backOff, var message = stage.message,
            let range = message.firstRange(of: Self.triesAgain)
        else {
            return end(
                place, .failed, reason,
                "failed \(failures) \(failures == 1 ? "time" : "times"), not tried again: \(text)")
        }
        message.replaceSubrange(range, with: ", not tried again (\(text))")
        end(place, .failed, reason, message)
    }

    /// In the message of a stage that waits for its next attempt, before what the last one failed with.
    static let triesAgain = ", tries again"

    private mutating func halt(_ place: Int, _ graph: StageGraph, _ stage: StageGraph.Stage, by first: Int) {
        for need in stage.needs {
            let state = plan.status.stages[need].state
            if state == .failed, !graph.stages[need].continuesOnFailure {
                giveUp(place, Reason.needFailed, "needs `\(graph.stages[need].title)`, which failed")
                return
            }
            if state == .skipped, plan.status.stages[need].reason == Reason.needFailed {
                giveUp(
                    place, Reason.needFailed,
                    "needs `\(graph.stages[need].title)`, which was skipped as what it needs had failed")
                return
            }
        }
        giveUp(place, Reason.halted, "`\(graph.stages[first].title)` failed, so nothing further starts")
    }

    /// Whether all that a stage needs has ended well enough; if not, says what the stage waits for or is skipped for.
    private mutating func meetsNeeds(_ place: Int, _ graph: StageGraph) -> Bool {
        var open: [Int] = []
        for need in graph.stages[place].needs {
            let other = graph.stages[need]
            switch graph.isMet(need, in: plan.status) {
            case true?: continue
            case nil: open.append(need)
            case false? where plan.status.stages[need].state == .failed:
                giveUp(place, Reason.needFailed, "needs `\(other.title)`, which failed")
                return false
            case false?:
                giveUp(place, Reason.needSkipped, "needs `\(other.title)`, which was skipped")
                return false
            }
        }
        guard !open.isEmpty else { return true }
        let names = open.prefix(3).map { "`\(graph.stages[$0].title)`" }.joined(separator: ", ")
        let more = open.count > 3 ? " and \(open.count - 3) more" : ""
        hold(place, .pending, Reason.needsPending, "waits for \(names)\(more)")
        return false
    }

    private mutating func evaluateFinally(
        _ place: Int, _ graph: StageGraph, _ othersEnded: Timestamp?, _ failures: Failures,
        _ slots: inout MatrixSlots
    ) {
        let state = plan.status.stages[place].state
        if state.isFinal || state.isBound { return }
        if let ending, !ending.allowsFinally {
            end(place, ending.state, ending.rawValue, endingText(ending))
            return
        }
        if plan.status.source == nil, case .failed(let detail) = source {
            end(place, .skipped, Reason.sourceUnavailable, "\(Ending.sourceUnavailable.explanation): \(detail)")
            return
        }
        guard let othersEnded else {
            hold(place, .pending, Reason.needsPending, "runs once all other stages have ended")
            return
        }
        let stage = graph.stages[place]
        if stage.failsFast, failures.includes(stage.group) {
            giveUp(place, Reason.failFast, "another combination of `\(stage.name)` failed")
            return
        }
        guard meetsNeeds(place, graph) else { return }
        let limit = lateness(of: place, graph, othersEnded)
        if let limit, limit.time <= now {
            end(
                place, .failed, Reason.runTimeout,
                "not started within \(limit.seconds) s after the run's own timeout")
            return
        }
        prepare(place, graph, &slots)
        if let limit, !plan.status.stages[place].state.isFinal { lookAgain(at: limit.time) }
    }

    /// The run's timeout doesn't end `finally`, but what waits there for an agent past it waits no longer than its own
    /// timeout.
    private func lateness(
        of place: Int, _ graph: StageGraph, _ othersEnded: Timestamp
    ) -> (time: Timestamp, seconds: Int)? {
        guard let deadline = deadline(graph) else { return nil }
        let seconds = graph.stages[place].spec.timeoutSeconds ?? StageSpec.defaultTimeoutSeconds
        return (max(deadline, othersEnded).adding(seconds: seconds), seconds)
    }

    /// Writes down what a stage waits for.
    mutating func hold(_ place: Int, _ state: StageStatus.State, _ reason: String, _ text: String) {
        let text = message(text)
        if plan.status.stages[place].state != state { plan.status.stages[place].state = state }
        if plan.status.stages[place].reason != reason { plan.status.stages[place].reason = reason }
        if plan.status.stages[place].message != text { plan.status.stages[place].message = text }
    }

    func endingText(_ ending: Ending) -> String {
        endingDetail.map { "\(ending.explanation): \($0)" } ?? ending.explanation
    }
}

/// How many more combinations of each matrix may start.
struct MatrixSlots {
    private var free: [Int] = []

    init(_ graph: StageGraph, _ status: PipelineRunStatus) {
        guard graph.limitsParallel else { return }
        free = graph.groups.map { group in
            guard let limit = graph.stages[group.lowerBound].spec.matrix?.maxParallel else { return .max }
            return limit - group.count { status.stages[$0].state.isBound }
        }
    }

    /// Takes a place for one more combination, if there is one.
    mutating func take(_ group: Int) -> Bool {
        guard !free.isEmpty else { return true }
        guard free[group] > 0 else { return false }
        free[group] -= 1
        return true
    }
}
