package import Model

/// An agent's heartbeat: who it is, what it can take, and what it holds.
package struct Presence: Fields, Equatable {
    /// Between two heartbeats.
    package static let intervalSeconds = 3
    /// How long a fence listed in a presence is taken to be held.
    package static let leaseSeconds = 15

    package var agent = ""
    /// A random id per start of the agent's process.
    package var instance = ""
    /// Rises with every presence of the instance; lower ones are late and ignored.
    package var sequence = 0
    /// What the agent offers, the kind of its inbox first.
    package var kinds: [String] = []
    package var labels = StringMap()
    /// Total, busy ones included; 0 while it drains.
    package var slots = 0
    package var inboxPartition = 0
    /// Normalised URLs of the repositories that it has mirrored, the latest first.
    package var repositories: [String] = []
    /// Every attempt that it holds, until the ack of its `finished`.
    package var held: [HeldFence] = []
    package var isDraining = false
    /// Set in the last presence of an instance that ends in order: it holds nothing and takes nothing more.
    package var isLeaving = false
    package var version = ""

    package init() {}

    package var inbox: Inbox { Inbox(kind: kinds.first ?? "", partition: inboxPartition) }

    package mutating func visit(_ visitor: inout some FieldVisitor) {
        visitor.text("agent", &agent, .filled(253))
        visitor.text("instance", &instance, .filled(64))
        visitor.number("sequence", &sequence, default: 0, in: 0...Int.max)
        visitor.texts("kinds", &kinds, .dnsLabel, atMost: 16)
        visitor.map("labels", &labels, key: .labelKey, value: .labelValue, atMost: 64)
        visitor.number("slots", &slots, default: 0, in: 0...10_000)
        visitor.number("inboxPartition", &inboxPartition, default: 0, in: 0...1_000_000)
        visitor.texts("repositories", &repositories, .any(2048), atMost: 128)
        visitor.list("held", &held, atMost: 10_000)
        var draining = isDraining ? 1 : 0
        visitor.number("draining", &draining, default: 0, in: 0...1)
        isDraining = draining == 1
        var leaving = isLeaving ? 1 : 0
        visitor.number("leaving", &leaving, default: 0, in: 0...1)
        isLeaving = leaving == 1
        visitor.text("version", &version, .any(64))
    }
}

/// One attempt that an agent holds.
package struct HeldFence: Fields, Equatable {
    package var fence = ""
    package var digest = ""

    package init() {}

    package init(fence: Fence, digest: String) {
        self.fence = fence.description
        self.digest = digest
    }

    package mutating func visit(_ visitor: inout some FieldVisitor) {
        visitor.text("fence", &fence, .filled(253))
        visitor.text("digest", &digest, .filled(64))
    }
}
