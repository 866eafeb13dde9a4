/// The names of Martlet's topics under an optional prefix.
package struct Topics: Equatable, Sendable {
    /// Kinds that would clash with a topic of the protocol.
    package static let reservedKinds = ["results", "presence", "logs", "dead"]
    package static let defaultPartitions = 32

    /// Put before every name, dot included by whoever sets it (`team-a.`).
    package var prefix: String

    package init(prefix: String = "") {
        self.prefix = prefix
    }

    package func inbox(_ kind: String) -> String { "\(prefix)agent.\(kind)" }
    package var results: String { "\(prefix)agent.results" }
    package var presence: String { "\(prefix)agent.presence" }
    package var logs: String { "\(prefix)agent.logs" }
    package var events: String { "\(prefix)martlet.events" }

    /// Where records of a topic are set aside that are no messages of the protocol, or not rightly signed.
    package func dead(_ topic: String) -> String { "\(topic)\(Self.deadSuffix)" }
    package static func isDead(_ topic: String) -> Bool { topic.hasSuffix(deadSuffix) }
    private static let deadSuffix = ".dead"

    /// Every topic of an installation whose agents are of these kinds.
    package func all(kinds: [String]) -> [String] {
        let read = [results, presence, logs] + kinds.map(inbox)
        return read + read.map(dead) + [events]
    }

    /// The kind whose inboxes a topic holds; nil for any other topic.
    package func kind(ofInbox topic: String) -> String? {
        let start = "\(prefix)agent."
        guard topic.hasPrefix(start) else { return nil }
        let kind = String(topic.dropFirst(start.count))
        return kind.isEmpty || kind.contains(".") || Self.reservedKinds.contains(kind) ? nil : kind
    }
}

/// Where an agent listens: one partition of one `agent.<kind>` topic, so that all it is told has one order.
package struct Inbox: Hashable, Sendable {
    package var kind: String
    package var partition: Int

    package init(kind: String, partition: Int) {
        self.kind = kind
        self.partition = partition
    }
}

/// A stable hash (FNV-1a, 64 bits) for choices that every process must make alike.
package func stableHash(_ text: String) -> UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in text.utf8 {
        hash ^= UInt64(byte)
        hash = hash &* 0x100_0000_01b3
    }
    return hash
}
