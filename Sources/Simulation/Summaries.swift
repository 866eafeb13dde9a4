internal import AgentProtocol
internal import Model

// How things look in a history: short, and the same every time.

extension Broker.Payload {
    var summary: String {
        switch self {
        case .toAgent(let message): message.summary
        case .report(let report): report.summary
        case .presence(let presence): presence.summary
        }
    }
}

extension ControllerMessage {
    var summary: String {
        switch self {
        case .assign(let assignment):
            "assign \(assignment.fence) to \(assignment.instance) (\(assignment.digest.prefix(6)))"
        case .stop(let stop): "stop \(stop.fence) at \(stop.instance) (\(stop.digest.prefix(6))): \(stop.reason)"
        case .drain(let instance): "drain \(instance)"
        case .report(let instance): "report, \(instance ?? "all")"
        }
    }
}

extension AgentReport {
    var summary: String {
        let what: String =
            switch event {
            case .claimed: "claimed"
            case .declined(let reason): "declined (\(reason))"
            case .progress: "progress"
            case .finished(let outcome): "finished \(outcome.result.rawValue) \(outcome.message ?? "")"
            }
        return "\(instance) \(what) \(fence) (\(digest.prefix(6)))"
    }
}

extension Presence {
    var summary: String {
        var text = "presence \(instance) #\(sequence), \(slots) slots"
        if !held.isEmpty {
            text += ", holds \(held.map { "\($0.fence) (\($0.digest.prefix(6)))" }.joined(separator: ", "))"
        }
        if isLeaving { text += ", leaves" } else if isDraining { text += ", drains" }
        return text
    }
}

extension PipelineRunStatus {
    /// What a write changes, stage by stage.
    func changes(from old: PipelineRunStatus) -> String {
        var parts: [String] = []
        for stage in stages {
            let before = old[stage: stage.id]
            guard before?.state != stage.state || before?.attempt != stage.attempt || before?.digest != stage.digest
            else { continue }
            var part = "\(stage.id) \(stage.state.rawValue)"
            if stage.attempt > 0 { part += " \(stage.attempt)" }
            if let instance = stage.instance { part += " at \(instance)" }
            if let digest = stage.digest { part += " (\(digest.prefix(6)))" }
            if stage.state != .running && stage.state != .assigned, let reason = stage.reason { part += " \(reason)" }
            parts.append(part)
        }
        if old.observedRerun != observedRerun { parts.append("rerun \(observedRerun)") }
        if old.succeeded?.reason != succeeded?.reason, let succeeded { parts.append("run \(succeeded.reason)") }
        return parts.isEmpty ? "words only" : parts.joined(separator: ", ")
    }
}
