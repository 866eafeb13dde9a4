internal import Model

/// What the controller believes of one bound attempt: has it reached the agent, and does the agent still hold it?
///
/// An attempt is lost only once presence and results have been read up to end offsets that were asked for after its
/// lease had ended; until then whatever the agent says renews the lease.
struct Claim: Equatable, Sendable {
    enum Phase: Equatable, Sendable {
        /// The broker has not acknowledged the assignment.
        case publishing
        /// Until that uptime the agent may claim it.
        case published(deadline: Int64)
        /// The agent holds it, until that uptime at least.
        case held(until: Int64)
        /// The lease has ended; what was said before is being read.
        case proving(token: Int)
        /// Concluded; a report of it waits to be planned.
        case concluded
    }

    var fence: Fence
    var instance: String
    var agent: String
    var digest: String
    var pipeline: String
    var phase: Phase
    /// When the agent has to have ended it, with a lease to spare; nil before it runs.
    var overdueAt: Int64?
    var isOverdue = false
    /// Whether the agent has ever shown that it holds it: work begins only after that.
    var isClaimed = false
    /// Whether it was bound by a controller before this one and has not been shown by any agent since.
    var isInherited = false

    /// The next uptime at which time alone changes something.
    var deadline: Int64? {
        let phaseEnd: Int64? =
            switch phase {
            case .published(let deadline): deadline
            case .held(let end): end
            case .publishing, .proving, .concluded: nil
            }
        let overdue = isOverdue ? nil : overdueAt
        switch (phaseEnd, overdue) {
        case (let end?, let overdue?): return min(end, overdue)
        case (let end?, nil): return end
        case (nil, let overdue): return overdue
        }
    }
}
