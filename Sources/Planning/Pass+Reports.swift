import Model

/// What agents have said since the stored status.
extension Pass {
    /// How many attempts a stage may lose with their agents before it fails.
    static let lossesLimit = 3
    /// All results of one run together, in bytes as JSON holds them.
    static let resultsLimit = 65_536

    /// Takes a report in, if it is about the attempt that is stored.
    mutating func apply(_ report: StageReport) -> Verdict {
        guard report.fence.run == uid, let place = place(of: report.fence.stage),
            plan.status.stages[place].attempt == report.fence.attempt,
            plan.status.stages[place].instance == report.instance,
            plan.status.stages[place].digest == report.digest
        else { return .stale }
        guard plan.status.stages[place].state.isBound else {
            // An attempt keeps its digest after its end only where that end is what the status shows.
            switch report.event {
            case .claimed, .finished: return .accepted
            case .declined, .unclaimed, .lost, .overdue: return .stale
            }
        }
        switch report.event {
        case .claimed(let time): claim(place, at: time)
        case .declined(let reason): release(place, Reason.agentDeclined, "declined it: \(reason)", saidByAgent: true)
        case .unclaimed:
            // A claim that was read first has won.
            if plan.status.stages[place].state == .assigned {
                release(place, Reason.agentUnclaimed, "did not claim it in time", saidByAgent: false)
            }
        case .lost(let reason, let excused): lose(place, reason, excused: excused)
        case .overdue: overrun(place)
        case .finished(let outcome): finish(place, outcome)
        }
        return .accepted
    }

    private mutating func claim(_ place: Int, at time: Timestamp) {
        guard plan.status.stages[place].state == .assigned else { return }
        plan.status.stages[place].state = .running
        plan.status.stages[place].reason = Reason.running
        plan.status.stages[place].message = nil
        plan.status.stages[place].startTime = moment(time, of: place)
    }

    /// An agent's time, held between the assignment and now: its clock may be off.
    private func moment(_ time: Timestamp?, of place: Int) -> Timestamp {
        min(max(time ?? now, plan.status.stages[place].assignedTime ?? now), now)
    }

    /// Takes an attempt back that never began: neither a failure nor a loss. Its place in the queue is kept.
    private mutating func release(_ place: Int, _ reason: String, _ cause: String, saidByAgent: Bool) {
        let agent = plan.status.stages[place].agent ?? "?"
        if saidByAgent { released.append(place) }
        plan.happenings.append(.stageDeclined(stage: plan.status.stages[place].id, reason: "\(agent) \(cause)"))
        requeue(place, reason, "agent \(agent) \(cause); waits for another slot")
    }

    private mutating func requeue(_ place: Int, _ reason: String, _ text: String) {
        plan.status.stages[place].unbind()
        plan.status.stages[place].state = .queued
        plan.status.stages[place].reason = reason
        plan.status.stages[place].message = message(text)
    }

    private mutating func lose(_ place: Int, _ cause: String, excused: Bool, reason: String = Reason.agentLost) {
        let agent = plan.status.stages[place].agent ?? "?"
        if isUnwanted(place) {
            cancel(place)
            return
        }
        plan.status.stages[place].queuedTime = now
        if excused {
            requeue(place, reason, "agent \(agent) ended: \(cause); runs again")
            return
        }
        plan.status.stages[place].losses += 1
        let losses = plan.status.stages[place].losses
        plan.happenings.append(.stageLost(stage: plan.status.stages[place].id, losses: losses, reason: cause))
        if losses >= Self.lossesLimit {
            plan.status.stages[place].instance = nil
            plan.status.stages[place].digest = nil
            end(
                place, .failed, Reason.agentLost,
                "lost \(losses) times with its agent, the last time \(agent): \(cause)")
        } else {
            requeue(
                place, reason, "agent \(agent) was lost: \(cause); runs again (loss \(losses) of \(Self.lossesLimit))")
        }
    }

    /// The agent should have ended the stage at its timeout, and didn't.
    private mutating func overrun(_ place: Int) {
        plan.status.stages[place].instance = nil
        plan.status.stages[place].digest = nil
        if isUnwanted(place) {
            cancel(place)
        } else {
            let seconds = graphStage(place)?.spec.timeoutSeconds ?? StageSpec.defaultTimeoutSeconds
            fail(place, .timeout, Reason.timeout, "took longer than \(seconds) s, and its agent did not end it")
        }
    }

    /// Ends a stage that is bound and that nobody wants any more.
    private mutating func cancel(_ place: Int) {
        plan.status.stages[place].instance = nil
        plan.status.stages[place].digest = nil
        end(place, .cancelled, ending?.rawValue ?? Reason.cancelled, ending?.explanation)
    }

    private func graphStage(_ place: Int) -> StageGraph.Stage? {
        isAligned ? graph?.stages[place] : nil
    }

    private mutating func finish(_ place: Int, _ outcome: StageOutcome) {
        if plan.status.stages[place].startTime == nil {
            plan.status.stages[place].startTime = moment(outcome.startTime, of: place)
        }
        switch outcome.result {
        case .succeeded:
            if let (reason, complaint) = resultsComplaint(outcome.results) {
                end(place, .failed, reason, complaint)
                return
            }
            keepResults(outcome.results, of: place)
            end(place, .succeeded, Reason.succeeded, outcome.message)
        case .failed:
            keepResultsIfFit(outcome.results, of: place)
            fail(place, .failure, word(outcome.reason) ?? Reason.failure, outcome.message ?? exitText(outcome))
        case .timedOut:
            keepResultsIfFit(outcome.results, of: place)
            fail(place, .timeout, Reason.timeout, outcome.message ?? "took longer than its timeoutSeconds")
        case .cancelled:
            if isUnwanted(place) {
                end(place, .cancelled, ending?.rawValue ?? Reason.cancelled, ending?.explanation)
            } else {
                // Nobody asked for that: the agent drains or had lost touch. Counted as a loss, so that a stage that
                // no agent ever finishes comes to an end.
                released.append(place)
                lose(
                    place, outcome.message ?? "it stopped the stage by itself", excused: false,
                    reason: Reason.agentStopped)
            }
        }
    }

    private func exitText(_ outcome: StageOutcome) -> String? {
        outcome.exitCode.map { "ended with exit code \($0)" }
    }

    /// An agent's reason, if it is one CamelCase word, and not one by which the planner knows its own decisions.
    private func word(_ text: String?) -> String? {
        guard let text, let first = text.utf8.first, (65...90).contains(first), text.utf8.count <= 64,
            text.utf8.allSatisfy({ (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) })
        else { return nil }
        return Reason.consequences.contains(text) ? nil : text
    }

    /// A failure by the stage itself: tried again while its retries last and the run still wants it.
    private mutating func fail(_ place: Int, _ kind: Retry.Reason, _ reason: String, _ text: String?) {
        plan.status.stages[place].failures += 1
        let failures = plan.status.stages[place].failures
        guard let retry = graphStage(place)?.spec.retry, failures <= retry.limit, retry.reasons.contains(kind),
            !isUnwanted(place)
        else {
            end(place, .failed, reason, text)
            return
        }
        let fence = plan.status.stages[place].fence(in: uid)
        let retryAt = now.adding(microseconds: BackOff.delay(retry, failures: failures, fence: fence))
        // Instance and digest stay until the next attempt is bound, so that a repeat of this report is known again.
        plan.status.stages[place].state = .waiting
        plan.status.stages[place].reason = Reason.backOff
        plan.status.stages[place].message = message(
            "failed \(failures) of \(retry.limit + 1) times (\(reason))\(Self.triesAgain)"
                + (text.map { ": \($0)" } ?? ""))
        plan.status.stages[place].retryAt = retryAt
        plan.status.stages[place].queuedTime = nil
        plan.status.stages[place].results = []
        plan.happenings.append(
            .stageRetried(stage: plan.status.stages[place].id, failures: failures, at: retryAt))
    }

    /// Brings a stage to its end.
    mutating func end(_ place: Int, _ state: StageStatus.State, _ reason: String, _ text: String?) {
        plan.status.stages[place].state = state
        plan.status.stages[place].reason = reason
        plan.status.stages[place].message = text.map { message($0) }
        plan.status.stages[place].completionTime = now
        plan.status.stages[place].retryAt = nil
        if state == .skipped { plan.status.stages[place].queuedTime = nil }
        plan.happenings.append(
            .stageEnded(
                stage: plan.status.stages[place].id, state: state, reason: reason,
                message: plan.status.stages[place].message))
    }

    // MARK: Results

    /// Why results can't be kept. They are never cut short: half a value would be a wrong one.
    private mutating func resultsComplaint(_ results: [Param]) -> (reason: String, message: String)? {
        guard !results.isEmpty else { return nil }
        if results.count > StageStatus.resultsLimit {
            return (
                Reason.resultsTooLarge,
                "gave \(results.count) results; at most \(StageStatus.resultsLimit) are kept"
            )
        }
        var size = 0
        for (index, result) in results.enumerated() {
            if let complaint = TextRule.word.complaint(about: result.name) {
                return (Reason.resultsInvalid, "the name of a result \(complaint)")
            }
            if results[..<index].contains(where: { $0.name == result.name }) {
                return (Reason.resultsInvalid, "gave the result `\(result.name)` twice")
            }
            if result.value.utf8.count > StageStatus.resultLimit {
                return (
                    Reason.resultsTooLarge,
                    "the result `\(result.name)` is \(result.value.utf8.count) bytes long; at most "
                        + "\(StageStatus.resultLimit) are kept"
                )
            }
            if let complaint = TextRule.any(StageStatus.resultLimit).complaint(about: result.value) {
                return (Reason.resultsInvalid, "the result `\(result.name)` \(complaint)")
            }
            size += Self.size(of: result)
        }
        let others = resultsSize ?? plan.status.stages.reduce(0) { $0 + Self.size(of: $1.results) }
        resultsSize = others
        guard others + size <= Self.resultsLimit else {
            return (
                Reason.resultsTooLarge,
                "the results of all stages together would be \(others + size) bytes long; at most "
                    + "\(Self.resultsLimit) are kept"
            )
        }
        return nil
    }

    private mutating func keepResults(_ results: [Param], of place: Int) {
        plan.status.stages[place].results = results
        if let size = resultsSize { resultsSize = size + Self.size(of: results) }
    }

    /// What a failed stage found out is kept where it can be; that it failed is worse than that it said too much.
    private mutating func keepResultsIfFit(_ results: [Param], of place: Int) {
        if resultsComplaint(results) == nil { keepResults(results, of: place) }
    }

    private static func size(of results: [Param]) -> Int {
        results.reduce(0) { $0 + size(of: $1) }
    }

    private static func size(of result: Param) -> Int {
        jsonSize(of: result.name) + jsonSize(of: result.value)
    }
}
