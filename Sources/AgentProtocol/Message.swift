internal import Model

/// Any message of the protocol, with the type it has on the wire.
package enum Message: Equatable, Sendable {
    case controller(ControllerMessage)
    case report(AgentReport)
    case presence(Presence)
    case log(LogChunk)

    /// CloudEvents' `type`.
    package var type: String {
        let name =
            switch self {
            case .controller(.assign): "assign"
            case .controller(.stop): "stop"
            case .controller(.drain): "drain"
            case .controller(.report): "report"
            case .report(let report):
                switch report.event {
                case .claimed: "claimed"
                case .declined: "declined"
                case .progress: "progress"
                case .finished: "finished"
                }
            case .presence: "presence"
            case .log: "log"
            }
        return "\(Envelope.typePrefix)\(name)\(Envelope.typeSuffix)"
    }

    /// What the message is about (CloudEvents' `subject`): a fence, or an agent's id.
    package var subject: String {
        switch self {
        case .controller(.assign(let assignment)): assignment.fence.description
        case .controller(.stop(let stop)): stop.fence
        case .controller(.drain(let instance)): instance
        case .controller(.report(let instance)): instance ?? "all"
        case .report(let report): report.fence.description
        case .presence(let presence): presence.agent
        case .log(let chunk): chunk.fence
        }
    }

    /// What the topic is partitioned by; nil where the partition is given.
    package var key: String? {
        switch self {
        case .controller: nil
        case .report(let report): report.fence.run
        case .presence(let presence): presence.agent
        case .log(let chunk): chunk.fence
        }
    }
}
