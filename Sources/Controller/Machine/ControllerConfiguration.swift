internal import AgentProtocol

/// The controller's times and limits.
package struct ControllerConfiguration: Equatable, Sendable {
    /// How long a listed fence is taken to be held.
    package var leaseSeconds = Presence.leaseSeconds
    /// From the broker's ack of an assignment to the claim.
    package var claimSeconds = 10
    /// How long a status that differs only in what people would like to see waits for a write of its own.
    package var deferMilliseconds = 1000
    /// The first and the longest time that an instance is passed over for after it declined or missed a claim.
    package var passOverSeconds = 5
    package var longestPassOverSeconds = 300
    /// Whether statuses hold a hash of the fixed part of the spec, by which a change of it shows where nothing forbids it:
    /// API servers without CEL. The folder home keeps the spec that a run was made with.
    package var notesSpecHash = false
    /// The instances of the agents that live in this process: others of such kind died with theirs.
    package var inProcessInstances: Set<String> = []

    package init() {}
}
