package import Model

/// What the leading controller tells an agent, through its inbox.
package enum ControllerMessage: Equatable, Sendable {
    case assign(Assignment)
    case stop(Stop)
    /// Take nothing more, finish what runs.
    case drain(instance: String)
    /// Say what you hold and what you ended lately. Without an instance it is for every agent of the inbox.
    case report(instance: String?)

    /// The instance that the message is for; nil where it is for all.
    package var instance: String? {
        switch self {
        case .assign(let assignment): assignment.instance
        case .stop(let stop): stop.instance
        case .drain(let instance): instance
        case .report(let instance): instance
        }
    }
}

/// Ends one attempt at one instance. Stops are repeated until the agent no longer shows the fence.
package struct Stop: Fields, Equatable {
    package var fence = ""
    package var instance = ""
    package var digest = ""
    /// A sentence for the stage's log.
    package var reason = ""
    /// Between SIGTERM and SIGKILL.
    package var graceSeconds = Stop.defaultGraceSeconds

    package static let defaultGraceSeconds = 10

    package init() {}

    package init(fence: Fence, instance: String, digest: String, reason: String) {
        self.fence = fence.description
        self.instance = instance
        self.digest = digest
        self.reason = reason
    }

    package mutating func visit(_ visitor: inout some FieldVisitor) {
        visitor.text("fence", &fence, .filled(253))
        visitor.text("instance", &instance, .filled(64))
        visitor.text("digest", &digest, .filled(64))
        visitor.text("reason", &reason, .any(512))
        visitor.number("graceSeconds", &graceSeconds, default: Self.defaultGraceSeconds, in: 0...3600)
    }
}
