package import Model
internal import Planning

/// What the controller takes to be taken, for who compares it with what is: an operator, the simulator.
package struct Accounts: Equatable, Sendable {
    package struct Member: Equatable, Sendable {
        package var instance: String
        package var slots: Int
        package var free: Int
    }

    /// The attempts that it follows.
    package var claims: [Fence] = []
    /// The agents that it takes to be alive, by instance.
    package var members: [Member] = []
    /// Status writes under way.
    package var writes = 0
    /// Results and refusals that have been read and are in no stored status.
    package var unsettled = 0
    /// Runs with reports that no pass has seen, by UID.
    package var unread: [String] = []
}

extension ControllerMachine {
    package var accounts: Accounts {
        var accounts = Accounts()
        accounts.claims = claims.keys.sorted()
        accounts.members = candidates.map {
            Accounts.Member(instance: $0.instance, slots: $0.slots, free: $0.free)
        }
        accounts.writes = writing
        accounts.unsettled = offsets.unsettled
        accounts.unread = runs.keys.sorted().filter { runs[$0]?.incoming.isEmpty == false }
        return accounts
    }
}
