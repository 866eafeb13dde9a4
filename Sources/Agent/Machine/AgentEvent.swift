package import AgentProtocol
package import Model

/// Everything that an agent can learn.
package enum AgentEvent: Equatable, Sendable {
    case channel(ControllerChannelEvent)
    /// The broker has the report with that number.
    case reportAcknowledged(Int)
    /// It is certain that the report with that number was not stored.
    case reportRefused(Int)
    case presenceAcknowledged(sequence: Int)
    case presenceLost(sequence: Int)
    /// The repository with that normalised URL is there now: a scheduler may prefer this agent for it.
    case mirrored(String)
    /// The last thing said by the work, for people who wait.
    case workProgressed(Fence, message: String)
    /// The work has ended and its processes are gone.
    case workEnded(Fence, StageOutcome)
    /// Time has passed.
    case woke
    /// SIGTERM: take nothing more, finish what runs, leave.
    case drainRequested
    /// A second SIGTERM: end everything and leave.
    case shutdownRequested
}

/// Everything that an agent can do.
package enum AgentAction: Equatable, Sendable {
    /// Sends a report, which is answered with `reportAcknowledged` or `reportRefused` and its number.
    case send(AgentReport, number: Int)
    /// Sends a report that nobody misses if it is lost.
    case mention(AgentReport)
    case announce(Presence)
    case start(Assignment)
    /// SIGTERM, and SIGKILL after the grace.
    case terminate(Fence, graceSeconds: Int)
    case kill(Fence)
    /// Puts a report on disk, until it is dropped.
    case keep(AgentReport, number: Int)
    case drop(number: Int)
    /// Wants `woke` at that uptime, or before; replaces what was wanted before.
    case wake(at: Int64)
    case expectTraffic(Bool)
    /// The process may end.
    case exit
}
