/// How things stand in a leading controller at one moment: for metrics.
package struct ControllerGauges: Equatable, Sendable {
    /// Of one kind of agents.
    package struct Kind: Equatable, Sendable {
        package var kind: String
        /// Stages that wait for an agent of the kind.
        package var queued = 0
        /// How long the oldest of them has waited, in microseconds.
        package var oldestWait: Int64 = 0
        package var agents = 0
        /// Those that take nothing more.
        package var draining = 0
        /// Of all agents that aren't draining.
        package var slots = 0
        package var busySlots = 0

        package init(kind: String) {
            self.kind = kind
        }
    }

    /// By kind, in the order of their names. An agent of several kinds counts for each.
    package var kinds: [Kind] = []
    /// Runs that have started and not ended, and those that wait to start.
    package var activeRuns = 0
    package var waitingRuns = 0
    /// Stages that agents hold or have been given.
    package var boundStages = 0
    /// Inputs that wait for the controller's loop.
    package var waitingInputs = 0
    /// Status writes under way.
    package var writesUnderWay = 0
    /// Whether Kafka answers.
    package var isLinkUp = true

    package init() {}
}
