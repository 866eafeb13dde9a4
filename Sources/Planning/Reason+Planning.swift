package import Model

/// Further words that planning and scheduling use.
extension Reason {
    /// Ready; the scheduler hasn't looked at it yet.
    package static let queued = "Queued"
    /// The source could not be resolved for now.
    package static let retryingSource = "RetryingSource"
    /// Agents that could take it are there, but have no free slot.
    package static let agentsBusy = "AgentsBusy"
    package static let agentDeclined = "AgentDeclined"
    package static let agentUnclaimed = "AgentDidNotClaim"
    /// The agent ended the stage by itself (it drains, or had lost touch).
    package static let agentStopped = "AgentStopped"
    package static let resultsTooLarge = "ResultsTooLarge"
    package static let resultsInvalid = "ResultsInvalid"
    package static let valueTooLarge = "ValueTooLarge"
    package static let rerun = "Rerun"
    package static let concurrencyLimit = "ConcurrencyLimit"
    package static let concurrencyRejected = "ConcurrencyRejected"
    /// A newer run of its concurrency group took its place.
    package static let superseded = "Superseded"

    /// Why a stage isn't tried again, or never was: another stage's failure.
    static let consequences = [halted, failFast, needFailed, needSkipped]
}

extension StageStatus {
    /// Whether it would have been tried again but for another stage's failure, which is what the run fails by.
    var isGivenUp: Bool { state == .failed && reason.map(Reason.consequences.contains) ?? false }
}
