package import Model

/// A run that belongs to a concurrency group and has not ended.
package struct Applicant: Equatable, Sendable {
    /// The run's UID.
    package var run: String
    /// What people call it.
    package var name: String
    /// With all references replaced, and the namespace before it where there is one.
    package var group: String
    /// The group's name as people wrote it.
    package var shown: String
    package var limit: Int
    package var policy: Concurrency.Policy
    package var hasStarted: Bool
    package var created: Timestamp
    /// When what it was made for arrived: tells the order of runs that were created within the same second.
    package var received: Timestamp?

    package init(
        run: String, name: String, group: String, shown: String? = nil, limit: Int, policy: Concurrency.Policy,
        hasStarted: Bool, created: Timestamp, received: Timestamp? = nil
    ) {
        self.run = run
        self.name = name
        self.group = group
        self.shown = shown ?? group
        self.limit = limit
        self.policy = policy
        self.hasStarted = hasStarted
        self.created = created
        self.received = received
    }

    /// Whether it came before another one.
    func precedes(_ other: Applicant) -> Bool {
        (created, received ?? created, run) < (other.created, other.received ?? other.created, other.run)
    }
}

/// Decides which runs of concurrency groups may be active: what keeps each from it, in the order given; nil for those
/// that may.
///
/// Started runs keep their places; the rest come by creation, then arrival, then UID. Under `CancelOlder` the newest take the places:
/// older ones are superseded, and a newer one starts when they have ended.
package func admit(_ applicants: [Applicant]) -> [Obstacle?] {
    var obstacles = [Obstacle?](repeating: nil, count: applicants.count)
    let order = applicants.indices.sorted { left, right in
        let (one, other) = (applicants[left], applicants[right])
        if one.group != other.group { return one.group < other.group }
        return one.precedes(other)
    }
    var start = 0
    while start < order.count {
        var end = start + 1
        while end < order.count, applicants[order[end]].group == applicants[order[start]].group { end += 1 }
        admit(Array(order[start..<end]), of: applicants, into: &obstacles)
        start = end
    }
    return obstacles
}

/// One group, oldest run first.
private func admit(_ members: [Int], of applicants: [Applicant], into obstacles: inout [Obstacle?]) {
    let newest = applicants[members[members.count - 1]]
    var active = members.count { applicants[$0].hasStarted }
    for (position, member) in members.enumerated() {
        let applicant = applicants[member]
        let newer = members.count - position - 1
        if newest.policy == .cancelOlder, newer >= newest.limit {
            obstacles[member] = .superseded("`\(newest.name)` is newer in the concurrency group `\(applicant.shown)`")
            continue
        }
        if applicant.hasStarted { continue }
        if active < applicant.limit {
            active += 1
            continue
        }
        let full = "the concurrency group `\(applicant.shown)` has \(active) of \(applicant.limit) runs active"
        obstacles[member] = applicant.policy == .reject ? .concurrencyRejected(full) : .concurrencyLimit(full)
    }
}
