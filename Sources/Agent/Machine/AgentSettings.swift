package import Model

/// What an agent offers and how long it waits for what: all that its decisions depend on besides events.
package struct AgentSettings: Equatable, Sendable {
    /// The agent's id, which outlives its process.
    package var agent: String
    /// Random, made anew with each start of the process.
    package var instance: String
    /// What it offers, the kind of its inbox first.
    package var kinds: [String]
    package var labels = StringMap()
    /// How many stages it runs at once.
    package var slots = 1
    package var version = ""
    /// Without an acknowledged presence for that long, everything is killed: by then others have surely taken over.
    package var selfFenceSeconds = 120
    /// How long running stages may go on after SIGTERM.
    package var drainGraceSeconds = 600
    /// Whether `finished` is put on disk until it is acknowledged.
    package var keepsReports = false
    /// How many attempts are remembered, so that a repeated assignment is recognised.
    package var rememberedAttempts = 10_000
    /// How much memory the outcomes of ended attempts may take.
    package var outcomeBytes = 16 << 20

    /// How long the outcome of an ended attempt is kept to be repeated, and a stopped fence is refused.
    package static let memorySeconds = 600
    /// The most fences that a presence may list and still be well below a message's largest size.
    package static let heldLimit = 5_000
    /// The time between SIGTERM and SIGKILL where no stop says another.
    package static let stopGraceSeconds = 10
    /// How long after the last chance to end in order the process ends all the same.
    static let leaveSeconds = 5
    static let leavePresenceSeconds = 3
    /// From a report that could not be sent to the next try, unless a connection comes first.
    static let resendSeconds = 1
    /// How long a first presence waits for the reports of an instance that died.
    static let replaySeconds = 5
    /// After how long without anything to do the channel may be slow.
    static let idleSeconds = 10

    package init(agent: String, instance: String, kinds: [String]) {
        self.agent = agent
        self.instance = instance
        self.kinds = kinds
    }
}

/// The words that an agent adds to an outcome's `reason`.
package enum AgentReason {
    /// The agent was cut off for so long that others must have taken over.
    package static let selfFenced = "SelfFenced"
    /// The agent had to end before its stages had.
    package static let drained = "AgentDrained"
    /// No rule of the agent lets the pipeline use a secret.
    package static let secretNotAllowed = "SecretNotAllowed"
    /// A secret is allowed but isn't there.
    package static let secretUnavailable = "SecretUnavailable"
    /// The agent could not make the folders or start the program.
    package static let agentTrouble = "AgentTrouble"
}
