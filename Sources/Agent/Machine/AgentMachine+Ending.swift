internal import AgentProtocol
internal import Model

/// How an agent lets go: of what has become stale, of everything when cut off, and of its place among the agents.
extension AgentMachine {
    /// Whether more than a lease has passed since the last acknowledged presence: the machine slept, or Kafka was away.
    func isOutOfReach(at now: AgentTime) -> Bool {
        heartbeat.acknowledged.map { now.uptime - $0 > seconds(Presence.leaseSeconds) } ?? false
    }

    /// After that an assignment that has not started has most likely been given to somebody else.
    mutating func dropUnstartedAfterGap(_ now: AgentTime) {
        guard book.busyCount > 0, isOutOfReach(at: now) else { return }
        for attempt in book.heldAttempts where attempt.phase == .claiming {
            if let open = attempt.openReport, outbox[open]?.isSent == false { _ = outbox.remove(open) }
            let reason = "the agent was out of reach for longer than a lease"
            let number = send(.declined(reason: reason), about: attempt.fence, digest: attempt.digest)
            book.update(attempt.fence) {
                $0.phase = .declined(reason: reason)
                $0.assignment = nil
                $0.openReport = number
            }
        }
    }

    /// Kills everything when the controller must have given up on this agent long ago.
    mutating func fenceSelf(at now: AgentTime) {
        guard book.busyCount > 0, let deadline = selfFenceAt, deadline <= now.uptime else { return }
        let cause = Attempt.StopCause.selfFenced(seconds: settings.selfFenceSeconds)
        for attempt in book.heldAttempts where attempt.isBusy {
            if case .selfFenced = attempt.stopCause { continue }
            end(attempt, cause, graceSeconds: nil, at: now)
            book.update(attempt.fence) { $0.stopCause = cause }
        }
    }

    // MARK: Draining

    mutating func drain(at now: AgentTime) {
        switch lifecycle {
        case .serving, .cordoned:
            lifecycle = .draining(graceEnds: now.uptime + seconds(settings.drainGraceSeconds))
            announceSoon()
        case .draining, .stopping, .leaving, .gone: break
        }
    }

    mutating func graceIsOver(at now: AgentTime) {
        let grace = AgentSettings.stopGraceSeconds
        lifecycle = .stopping(exitAt: now.uptime + seconds(grace + AgentSettings.leaveSeconds))
        for attempt in book.heldAttempts where attempt.isBusy { end(attempt, .drained, graceSeconds: grace, at: now) }
        announceSoon()
    }

    mutating func shutDown(at now: AgentTime) {
        switch lifecycle {
        case .serving, .cordoned, .draining, .stopping:
            lifecycle = .stopping(exitAt: now.uptime + seconds(AgentSettings.leaveSeconds))
            for attempt in book.heldAttempts where attempt.isBusy { end(attempt, .drained, graceSeconds: nil, at: now) }
            announceSoon()
        case .leaving: leaveNow()
        case .gone: break
        }
    }

    // MARK: Leaving

    /// Says good-bye once nothing is held and everything has been heard.
    mutating func leaveIfDone(at now: AgentTime) {
        switch lifecycle {
        case .draining, .stopping: break
        case .serving, .cordoned, .leaving, .gone: return
        }
        guard book.heldCount == 0 else { return }
        // Nobody has ever seen this instance; what a former one left stays on disk.
        guard inboxPartition != nil else { return leaveNow() }
        guard outbox.isEmpty else { return }
        announce(isLeaving: true, at: now)
        lifecycle = .leaving(
            sequence: heartbeat.sequence, until: now.uptime + seconds(AgentSettings.leavePresenceSeconds))
    }

    /// The last presence has been stored or has failed; the lease ends by itself then.
    mutating func left(_ sequence: Int) {
        if case .leaving(sequence, _) = lifecycle { leaveNow() }
    }

    mutating func leaveNow() {
        for attempt in book.heldAttempts where attempt.phase == .running { act(.kill(attempt.fence)) }
        lifecycle = .gone
        act(.exit)
    }
}
