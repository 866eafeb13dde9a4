package import AgentProtocol

/// An agent's way to the leading controller and back.
package protocol ControllerChannel: Sendable {
    /// Sends a report without waiting. It is kept, in order and without a limit of time, until the broker acknowledges
    /// it; `acknowledged` is called once, from any thread: true for an ack, false when it is certain that the report was
    /// not stored and has to be sent again (a new broker, a fatal producer error).
    func send(_ report: AgentReport, acknowledged: @escaping @Sendable (Bool) -> Void)

    /// Sends a heartbeat that is worth nothing after three seconds; `acknowledged` says whether it was stored in time.
    func announce(_ presence: Presence, acknowledged: @escaping @Sendable (Bool) -> Void)

    /// Sends output; it gives way first where memory runs short.
    func log(_ chunk: LogChunk)

    /// How many bytes of output wait to be sent, so that a reader of a script's output can slow down or leave lines out.
    var waitingLogBytes: Int { get }

    /// Says whether there is something to wait for, so that an embedded broker may be asked less often when there isn't.
    func expectTraffic(_ expected: Bool)
}

/// What comes to an agent, in order.
package enum ControllerChannelEvent: Equatable, Sendable {
    /// A message from the inbox, for this instance or for all.
    case message(ControllerMessage)
    /// The channel reads its inbox from an end offset that it has resolved: presences may begin. Comes again after each
    /// new broker address, and then everything held has to be said again.
    case ready(inboxPartition: Int)
    /// Nothing gets through for the moment.
    case unreachable
}
