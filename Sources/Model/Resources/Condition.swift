/// One aspect of an object's state, by the Kubernetes API conventions.
package struct Condition: Fields, Equatable {
    package enum Status: String, Choice {
        case `true` = "True"
        case `false` = "False"
        case unknown = "Unknown"
    }

    /// Whether the spec makes sense.
    package static let accepted = "Accepted"
    /// How the run ended; `Unknown` while it is active.
    package static let succeeded = "Succeeded"
    /// Whether a Pipeline can be run.
    package static let ready = "Ready"

    package var type = ""
    package var status = Status.unknown
    package var observedGeneration: Int?
    /// Moves only when `status` does.
    package var lastTransitionTime: Timestamp?
    /// One CamelCase word for programs.
    package var reason = ""
    /// A sentence for people.
    package var message = ""

    package init() {}

    package mutating func visit(_ visitor: inout some FieldVisitor) {
        visitor.text("type", &type, .filled(64))
        visitor.requiredChoice("status", &status)
        visitor.number("observedGeneration", &observedGeneration, in: 0...Int.max)
        visitor.time("lastTransitionTime", &lastTransitionTime)
        visitor.text("reason", &reason, .filled(128))
        visitor.text("message", &message, .any(1024))
    }
}

extension [Condition] {
    /// The condition of that type, if it is there.
    package subscript(type: String) -> Condition? {
        first { $0.type == type }
    }

    /// Sets a condition; its transition time moves only when its status does.
    package mutating func set(
        _ type: String, _ status: Condition.Status, reason: String, message: String = "", generation: Int? = nil,
        at now: Timestamp
    ) {
        var condition = self[type] ?? Condition()
        if condition.type.isEmpty || condition.status != status { condition.lastTransitionTime = now }
        condition.type = type
        condition.status = status
        condition.reason = reason
        condition.message = message
        condition.observedGeneration = generation
        if let place = firstIndex(where: { $0.type == type }) {
            self[place] = condition
        } else {
            append(condition)
        }
    }
}
