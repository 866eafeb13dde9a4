package import Model

extension PipelineRunStatus {
    /// The fence that the stage's next attempt will have; nil for an unknown stage.
    package func nextFence(of stage: String, in run: String) -> Fence? {
        self[stage: stage].map { Fence(run: run, stage: stage, attempt: $0.attempt + 1) }
    }
}

/// Gives a stage that is queued to an agent's instance, as a new attempt.
///
/// Returns whether it did: a stage that isn't queued (any more) stays as it is, since a stored attempt is never bound
/// anew.
@discardableResult
package func bind(
    _ status: inout PipelineRunStatus, stage: String, agent: String, instance: String, digest: String, now: Timestamp
) -> Bool {
    guard let place = status.stages.firstIndex(where: { $0.id == stage }), status.stages[place].state == .queued else {
        return false
    }
    status.stages[place].bind(agent: agent, instance: instance, digest: digest, now: now)
    status.stages[place].message = bounded("waits for agent \(agent) to claim it", to: messageLimit(of: status))
    return true
}

/// Writes down why a queued stage has no agent, for people; what other states say stays. Returns whether that is news.
package func explain(_ unplaced: Placement.Unplaced, in status: inout PipelineRunStatus) -> Bool {
    guard let place = status.stages.firstIndex(where: { $0.id == unplaced.stage }),
        status.stages[place].state == .queued
    else { return false }
    let message = bounded(unplaced.message, to: messageLimit(of: status))
    guard status.stages[place].reason != unplaced.reason || status.stages[place].message != message else {
        return false
    }
    status.stages[place].reason = unplaced.reason
    status.stages[place].message = message
    return true
}

private func messageLimit(of status: PipelineRunStatus) -> Int {
    StageGraph.messageLimit(stages: status.stages.count)
}

extension StageStatus {
    mutating func bind(agent: String, instance: String, digest: String, now: Timestamp) {
        state = .assigned
        reason = Reason.assigned
        attempt += 1
        self.agent = agent
        self.instance = instance
        self.digest = digest
        assignedTime = now
        startTime = nil
        completionTime = nil
        results = []
        retryAt = nil
        logs = nil
    }

    /// Forgets the present attempt, so that whatever is still said of it is stale.
    mutating func unbind() {
        agent = nil
        instance = nil
        digest = nil
        assignedTime = nil
        startTime = nil
        completionTime = nil
        results = []
    }
}
