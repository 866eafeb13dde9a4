package import Model

/// What an agent tells the leading controller about one attempt, on the results topic.
package struct AgentReport: Equatable, Sendable {
    package enum Event: Equatable, Sendable {
        /// The agent has the assignment and is about to run it.
        case claimed(at: Timestamp)
        /// The agent won't run it: no slot, draining, a fence that was stopped.
        case declined(reason: String)
        /// The last thing said by the work, for people who wait.
        case progress(message: String)
        /// The attempt has ended and its processes are gone. Implies `claimed`.
        case finished(StageOutcome)
    }

    package var fence: Fence
    package var agent: String
    package var instance: String
    package var digest: String
    package var event: Event

    package init(fence: Fence, agent: String, instance: String, digest: String, event: Event) {
        self.fence = fence
        self.agent = agent
        self.instance = instance
        self.digest = digest
        self.event = event
    }
}
