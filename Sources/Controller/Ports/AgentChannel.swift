package import AgentProtocol

/// The controller's way to its agents and back.
package protocol AgentChannel: Sendable {
    /// Sends a message to an inbox without waiting; `delivered` is called once, from any thread, when the broker has
    /// acknowledged it or it is certain that it never will.
    func publish(
        _ message: ControllerMessage, to inbox: Inbox, delivered: @escaping @Sendable (Bool) -> Void)

    /// Asks every agent that listens anywhere to say what it holds.
    func publishReportToAll()

    /// Notes that all results of a partition before `offset` are in stored statuses.
    func commit(_ positions: [ResultsPosition])

    /// Asks for the end offsets of presence and results *now*, and reports `ChannelEvent.caughtUp(token)` once everything
    /// up to them has been delivered.
    func catchUp(token: Int)

    /// Says whether there is something to wait for, so that an embedded broker may be asked less often when there isn't.
    func expectTraffic(_ expected: Bool)
}

/// A position in the results topic: the next offset to read.
package struct ResultsPosition: Hashable, Sendable {
    package var partition: Int
    package var offset: Int64

    package init(partition: Int, offset: Int64) {
        self.partition = partition
        self.offset = offset
    }
}

/// What comes out of an `AgentChannel`, in order.
package enum ChannelEvent: Equatable, Sendable {
    case presence(Presence)
    /// A report with its own position on the results topic.
    case report(AgentReport, at: ResultsPosition)
    /// A record of the results topic that is nothing for this installation, so that offsets move on.
    case skipped(ResultsPosition)
    case caughtUp(token: Int)
    /// Whether the controller's own fetches are being answered. Lease and claim clocks stand still while they aren't.
    case link(isUp: Bool)
}
