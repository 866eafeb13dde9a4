/// What may go wrong in a simulated world.
package struct Faults: OptionSet, Sendable {
    package let rawValue: UInt32

    package init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    /// A message never arrives, or arrives and its sender is told that it didn't, or the reverse.
    package static let loss = Faults(rawValue: 1 << 0)
    /// A message arrives twice, the second time much later.
    package static let repetition = Faults(rawValue: 1 << 1)
    /// A message or an answer takes seconds.
    package static let delay = Faults(rawValue: 1 << 2)
    /// Topics are read far apart from each other.
    package static let reorder = Faults(rawValue: 1 << 3)
    /// A message for one agent comes into another's inbox.
    package static let misdeliver = Faults(rawValue: 1 << 4)
    package static let agentKill = Faults(rawValue: 1 << 5)
    package static let agentPause = Faults(rawValue: 1 << 6)
    package static let controllerKill = Faults(rawValue: 1 << 7)
    package static let controllerPause = Faults(rawValue: 1 << 8)
    /// Somebody can't reach the broker or the store, or nobody can.
    package static let partition = Faults(rawValue: 1 << 9)
    /// A leader stands still, or is cut from the lease, until another has taken over, and goes on.
    package static let twoControllers = Faults(rawValue: 1 << 10)
    /// Wall clocks differ by hours.
    package static let skew = Faults(rawValue: 1 << 11)
    /// Somebody else writes to a run just before its status is written.
    package static let conflict = Faults(rawValue: 1 << 12)
    /// A write fails, or is stored and said to have failed.
    package static let writeFailure = Faults(rawValue: 1 << 13)
    /// A write is refused for good.
    package static let writeRefusal = Faults(rawValue: 1 << 14)
    /// The broker forgets everything.
    package static let brokerAmnesia = Faults(rawValue: 1 << 15)
    /// A controller gets to what has come in only seconds later.
    package static let backlog = Faults(rawValue: 1 << 16)
    /// A status write is on its way for half a minute, and may arrive when its writer is long gone.
    package static let slowStore = Faults(rawValue: 1 << 17)

    /// Every fault with its name on the command line.
    package static let named: [(name: String, fault: Faults)] = [
        ("loss", .loss), ("repeat", .repetition), ("delay", .delay), ("reorder", .reorder),
        ("misdeliver", .misdeliver), ("agent-kill", .agentKill), ("agent-pause", .agentPause),
        ("controller-kill", .controllerKill), ("controller-pause", .controllerPause), ("partition", .partition),
        ("two-controllers", .twoControllers), ("skew", .skew), ("conflict", .conflict),
        ("write-failure", .writeFailure), ("write-refusal", .writeRefusal), ("broker-amnesia", .brokerAmnesia),
        ("backlog", .backlog), ("slow-store", .slowStore),
    ]

    package static let all = Faults(named.map(\.fault))

    /// Reads `all`, `none` or names with commas between; the first unknown name otherwise.
    package static func read(_ text: String) -> Result<Faults, UnknownFault> {
        if text == "none" { return .success([]) }
        var faults: Faults = []
        for name in text.split(separator: ",", omittingEmptySubsequences: false) {
            switch name {
            case "all": faults.formUnion(.all)
            default:
                guard let entry = named.first(where: { $0.name == name }) else {
                    return .failure(UnknownFault(name: String(name)))
                }
                faults.formUnion(entry.fault)
            }
        }
        return .success(faults)
    }

    package var names: [String] { Self.named.filter { contains($0.fault) }.map(\.name) }
}

package struct UnknownFault: Error, Equatable, Sendable {
    package var name: String
}
