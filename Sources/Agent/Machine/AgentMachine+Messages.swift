internal import AgentProtocol
internal import Model

/// What an agent is told.
extension AgentMachine {
    mutating func receive(_ message: ControllerMessage, at now: AgentTime) {
        if let instance = message.instance, instance != settings.instance { return }
        switch message {
        case .assign(let assignment): assigned(assignment, at: now)
        case .stop(let stop): stopped(stop, at: now)
        case .drain:
            guard lifecycle == .serving else { return }
            lifecycle = .cordoned
            announceSoon()
        case .report:
            announceSoon()
            repeatEverything()
        }
    }

    /// The channel reads from a known place: everything is said (again), since it may be a broker that knows nothing.
    mutating func ready(_ partition: Int, at now: AgentTime) {
        let isFirst = inboxPartition == nil
        inboxPartition = partition
        heartbeat.begin(at: now.uptime)
        // What a former instance has ended is said before this one shows itself: with its first presence the former
        // one's attempts count as lost, unless their results are there to be read.
        if isFirst, !outbox.isEmpty { replayUntil = now.uptime + seconds(AgentSettings.replaySeconds) }
        sendUnsent()
        repeatEverything()
        announceSoon()
    }

    // MARK: Assignments

    private mutating func assigned(_ assignment: Assignment, at now: AgentTime) {
        if let attempt = book[assignment.fence] {
            // Only one of the two digests can be the stored one: whichever it is, one of these answers is about it, and
            // the other is stale.
            if attempt.digest != assignment.digest {
                _ = send(
                    .declined(reason: "the agent has had another assignment with this fence"), about: assignment.fence,
                    digest: assignment.digest)
            }
            repeatState(of: attempt)
            return
        }
        // It may be one that came when the agent was out of reach, and is another agent's by now. The next presence says
        // that it isn't held here, and a controller that still wants it sends it again.
        if isOutOfReach(at: now), !refusals.contains(assignment.fence, at: now.uptime) { return announceSoon() }
        if let reason = refusal(of: assignment, at: now) {
            decline(assignment, reason, at: now)
            return
        }
        book.insert(
            Attempt(
                fence: assignment.fence, digest: assignment.digest, phase: .claiming, assignment: assignment,
                claimedAt: now.wall))
        let number = send(.claimed(at: now.wall), about: assignment.fence, digest: assignment.digest)
        book.update(assignment.fence) { $0.openReport = number }
    }

    private func refusal(of assignment: Assignment, at now: AgentTime) -> String? {
        guard !refusals.contains(assignment.fence, at: now.uptime) else { return "it was stopped before" }
        guard lifecycle == .serving else { return "the agent is draining" }
        guard settings.kinds.contains(assignment.work.kind) else {
            return "the agent does not offer `\(assignment.work.kind)`"
        }
        guard book.busyCount < settings.slots else { return "all \(settings.slots) slots are taken" }
        guard book.heldCount < AgentSettings.heldLimit else { return "too many results wait to be sent" }
        return nil
    }

    private mutating func decline(_ assignment: Assignment, _ reason: String, at now: AgentTime) {
        book.insert(
            Attempt(
                fence: assignment.fence, digest: assignment.digest, phase: .declined(reason: reason),
                claimedAt: now.wall))
        let number = send(.declined(reason: reason), about: assignment.fence, digest: assignment.digest)
        book.update(assignment.fence) { $0.openReport = number }
    }

    // MARK: Repeats

    private mutating func repeatEverything() {
        for attempt in book.endedAttempts { repeatState(of: attempt) }
        for attempt in book.heldAttempts { repeatState(of: attempt) }
    }

    /// Says again how it stands with an attempt, unless that is on its way already.
    private mutating func repeatState(of attempt: Attempt) {
        guard attempt.openReport == nil else { return }
        let event: AgentReport.Event? =
            switch attempt.phase {
            case .claiming, .finishing: nil
            case .running: .claimed(at: attempt.claimedAt)
            case .declined(let reason): .declined(reason: reason)
            case .ended:
                // The controller can only ask for it if the result has not reached it in all that time: it has to be
                // done again.
                attempt.outcome.map { .finished($0) } ?? .declined(reason: "it ended here, too long ago to know how")
            }
        guard let event else { return }
        let number = send(event, about: attempt.fence, digest: attempt.digest)
        book.update(attempt.fence) { $0.openReport = number }
    }

    // MARK: Stops

    private mutating func stopped(_ stop: Stop, at now: AgentTime) {
        guard let fence = Fence(stop.fence) else { return }
        guard let attempt = book[fence] else {
            let isRepeated = refusals.contains(fence, at: now.uptime)
            refusals.insert(fence, at: now.uptime)
            // Said once, since it would be answered with a stop where it is stale.
            if !isRepeated {
                _ = send(.declined(reason: "it was stopped before it came"), about: fence, digest: stop.digest)
            }
            return
        }
        // A stop for what somebody else made of this fence doesn't concern the one that is held.
        guard attempt.digest == stop.digest else { return }
        refusals.insert(fence, at: now.uptime)
        end(attempt, .stopped(reason: stop.reason), graceSeconds: stop.graceSeconds, at: now)
    }

    /// Ends an attempt before its time: at once if it has not started, else by ending its processes. Nil for no grace.
    mutating func end(_ attempt: Attempt, _ cause: Attempt.StopCause, graceSeconds: Int?, at now: AgentTime) {
        switch attempt.phase {
        case .claiming:
            var outcome = StageOutcome(.cancelled, message: cause.message)
            outcome.reason = cause.reason
            outcome.completionTime = now.wall
            finish(attempt.fence, outcome, at: now)
        case .running where attempt.stopCause == nil:
            book.update(attempt.fence) { $0.stopCause = cause }
            act(graceSeconds.map { .terminate(attempt.fence, graceSeconds: $0) } ?? .kill(attempt.fence))
        case .running:
            if graceSeconds == nil { act(.kill(attempt.fence)) }
        case .finishing, .ended, .declined: break
        }
    }

    // MARK: Ends

    mutating func ended(_ fence: Fence, _ outcome: StageOutcome, at now: AgentTime) {
        guard let attempt = book[fence], attempt.phase == .running else { return }
        var outcome = outcome.fitted()
        if outcome.result == .cancelled, let cause = attempt.stopCause {
            outcome.reason = cause.reason
            outcome.message = cause.message
        }
        finish(fence, outcome, at: now)
    }

    /// The slot is free before anybody can know of it.
    private mutating func finish(_ fence: Fence, _ outcome: StageOutcome, at now: AgentTime) {
        guard let attempt = book[fence] else { return }
        // `finished` implies `claimed`: one that could not be sent has nothing more to say.
        if let open = attempt.openReport, outbox[open]?.isSent == false { _ = outbox.remove(open) }
        let number = send(.finished(outcome), about: fence, digest: attempt.digest)
        book.update(fence) {
            $0.phase = .finishing
            $0.assignment = nil
            $0.outcome = outcome
            $0.endedAt = now.uptime
            $0.openReport = number
        }
    }

    // MARK: Answers

    mutating func acknowledged(_ number: Int, at now: AgentTime) {
        guard let entry = outbox.remove(number) else { return }
        if entry.isKept { act(.drop(number: number)) }
        guard let attempt = book[entry.report.fence], attempt.openReport == number else { return }
        book.update(attempt.fence) { $0.openReport = nil }
        switch (attempt.phase, entry.report.event) {
        case (.claiming, .claimed):
            guard let assignment = attempt.assignment else { return }
            book.update(attempt.fence) {
                $0.phase = .running
                $0.assignment = nil
            }
            act(.start(assignment))
        case (.finishing, .finished):
            book.update(attempt.fence) { $0.phase = .ended }
        default: break
        }
    }

    mutating func refused(_ number: Int, at now: AgentTime) {
        guard let entry = outbox[number] else { return }
        // What a later report has made worthless needs no second try.
        if case .claimed = entry.report.event, book[entry.report.fence]?.openReport != number {
            _ = outbox.remove(number)
        } else {
            outbox.refused(number, at: now.uptime)
        }
    }
}
