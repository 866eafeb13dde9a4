package import AgentProtocol
package import Model
package import Planning

/// Who is there to take stages, for somebody beside the controller: made of the same presences, statuses and rules.
package struct AgentRoll: Sendable {
    /// How long an agent that has fallen silent is still called by its name.
    private static let memorySeconds = 600
    private var fleet = Fleet()

    package init() {}

    package var isEmpty: Bool { fleet.members.isEmpty }

    /// - Parameter time: When the presence was sent.
    package mutating func take(_ presence: Presence, at time: Timestamp) {
        _ = fleet.observe(presence, at: time.microseconds)
        if presence.isLeaving { fleet.remove(presence.instance) }
    }

    /// Whether some agent has been heard of within a lease.
    package func hasLiving(at now: Timestamp) -> Bool {
        let since = now.adding(seconds: -Presence.leaseSeconds).microseconds
        return fleet.members.values.contains { $0.receivedAt >= since }
    }

    /// The agents as the scheduler would see them, and those that fell silent not long ago.
    ///
    /// - Parameters:
    ///   - active: The runs that have not ended, whose statuses bind slots.
    ///   - passedOver: What the controller has last said of that.
    package func candidates(active: [PipelineRun], passedOver: [PassedOver], now: Timestamp) -> [Candidate] {
        var fleet = fleet
        for instance in fleet.silent(since: now.adding(seconds: -Self.memorySeconds).microseconds) {
            fleet.remove(instance)
        }
        for one in passedOver { fleet.passOver(one) }
        var bound: [String: Int] = [:]
        var fences: Set<String> = []
        for run in active {
            for stage in run.status.stages where stage.state.isBound {
                guard let instance = stage.instance else { continue }
                bound[instance, default: 0] += 1
                fences.insert("\(instance) \(stage.fence(in: run.uid))")
            }
        }
        let silent = Set(fleet.silent(since: now.adding(seconds: -Presence.leaseSeconds).microseconds))
        return fleet.candidates(bound: { bound[$0] ?? 0 }, isBound: { fences.contains("\($1) \($0)") }).map {
            var candidate = $0
            if silent.contains(candidate.instance) {
                candidate.silentSince = fleet[candidate.instance].map { Timestamp(microseconds: $0.receivedAt) }
            }
            return candidate
        }
    }
}
