internal import Model

/// How a planned status differs from the stored one.
enum StatusDifference: Equatable {
    case none
    /// Only in what people like to see (a message, that a stage waits or began to run): it can wait for company.
    case cosmetic
    /// In something that a restart must not lose.
    case material

    init(from stored: PipelineRunStatus, to planned: PipelineRunStatus) {
        guard stored != planned else {
            self = .none
            return
        }
        self = Self.isMaterial(stored, planned) ? .material : .cosmetic
    }

    private static func isMaterial(_ stored: PipelineRunStatus, _ planned: PipelineRunStatus) -> Bool {
        guard stored.stages.count == planned.stages.count, stored.completionTime == planned.completionTime,
            stored.startTime == planned.startTime, stored.source == planned.source,
            stored.observedRerun == planned.observedRerun,
            stored.observedGeneration == planned.observedGeneration,
            stored.specHash == planned.specHash, stored.pipelineSpec == planned.pipelineSpec,
            stored.formerOutcome == planned.formerOutcome, stored.conditions.count == planned.conditions.count
        else { return true }
        for (old, new) in zip(stored.conditions, planned.conditions)
        where old.type != new.type || old.status != new.status || old.reason != new.reason {
            return true
        }
        for (old, new) in zip(stored.stages, planned.stages) where old != new {
            let sameStep =
                old.state == new.state || (isOpen(old) && isOpen(new)) || (old.state.isBound && new.state.isBound)
            guard sameStep, old.id == new.id, old.attempt == new.attempt, old.failures == new.failures,
                old.losses == new.losses, old.digest == new.digest, old.instance == new.instance,
                old.results == new.results, old.retryAt == new.retryAt
            else { return true }
        }
        return false
    }

    private static func isOpen(_ stage: StageStatus) -> Bool {
        switch stage.state {
        case .pending, .waiting, .queued: true
        case .assigned, .running, .succeeded, .failed, .skipped, .cancelled: false
        }
    }
}
