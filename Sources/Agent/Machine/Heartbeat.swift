internal import AgentProtocol

/// When the agent was last heard of for certain, and when it has to say something again.
struct Heartbeat: Sendable {
    private(set) var sequence = 0
    /// When the last presence was made; nil before the first.
    private var announcedAt: Int64?
    /// When the latest presence that the broker has was made, not when its ack came: a lease begins no later.
    private(set) var acknowledged: Int64?
    private var inFlight: [(sequence: Int, at: Int64)] = []

    /// The agent can be reached from now on.
    mutating func begin(at uptime: Int64) {
        if acknowledged == nil { acknowledged = uptime }
    }

    /// When the next presence is due.
    var dueAt: Int64 {
        announcedAt.map { $0 + seconds(Presence.intervalSeconds) } ?? .min
    }

    mutating func next(at uptime: Int64) -> Int {
        sequence += 1
        announcedAt = uptime
        inFlight.append((sequence, uptime))
        // A channel that answers none of them must not fill the memory.
        if inFlight.count > 64 { inFlight.removeFirst() }
        return sequence
    }

    mutating func acknowledge(_ sequence: Int) {
        guard let place = inFlight.firstIndex(where: { $0.sequence == sequence }) else { return }
        acknowledged = max(acknowledged ?? .min, inFlight[place].at)
        inFlight.removeSubrange(...place)
    }

    mutating func lose(_ sequence: Int) {
        inFlight.removeAll { $0.sequence == sequence }
    }
}
