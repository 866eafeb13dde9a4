internal import Document
package import Model
package import Planning

/// An explanation for programs. Times are UTC; `unblock` is for people, as `text` is.
package enum ExplanationJSON {
    package static func text(
        _ explanation: RunExplanation, of run: PipelineRun, only: [String]? = nil, agents: ExplanationInput.Agents
    ) -> String {
        var json = JSONWriter()
        json.beginObject()
        json.member("run", run.metadata.name)
        json.member("uid", run.metadata.uid)
        json.member("pipeline", run.spec.pipelineRef?.name)
        json.member("state", RunPhase(run).word)
        json.member("reason", run.status.succeeded?.reason)
        json.member("message", run.status.succeeded?.message)
        json.member("deadline", explanation.deadline?.description)
        write(agents, into: &json)
        write(explanation.gates, of: explanation.run, into: &json)
        if let end = explanation.end { write(end, of: explanation.run, stage: nil, into: &json) }
        json.key("stages")
        json.beginArray()
        for stage in explanation.stages where only?.contains(stage.id) ?? true {
            write(stage, of: explanation.run, into: &json)
        }
        json.endArray()
        json.endObject()
        return ResourceJSON.pretty(json)
    }

    /// Who was asked for agents: what is said of them is as old as this answer, all else as old as the status.
    private static func write(_ agents: ExplanationInput.Agents, into json: inout JSONWriter) {
        json.key("agents")
        json.beginObject()
        switch agents {
        case .known(let candidates):
            json.member("asked", true)
            json.member("count", candidates.count { $0.silentSince == nil })
        case .outOfReach(let error):
            json.member("asked", false)
            json.member("error", error)
        case .unknown: json.member("asked", false)
        }
        json.endObject()
    }

    private static func write(_ stage: StageExplanation, of run: String, into json: inout JSONWriter) {
        json.beginObject()
        json.member("id", stage.id)
        json.member("title", stage.title)
        json.member("state", stage.status.state.rawValue)
        json.member("reason", stage.status.reason)
        json.member("message", stage.status.message)
        json.member("attempt", stage.status.attempt)
        json.member("failures", stage.status.failures)
        json.member("losses", stage.status.losses)
        json.member("agent", stage.status.agent)
        json.member("agentIsHeard", stage.isHeard)
        write(stage.gates, of: run, into: &json)
        if let end = stage.end { write(end, of: run, stage: stage.id, into: &json) }
        json.endObject()
    }

    private static func write(_ gates: [Gate], of run: String, into json: inout JSONWriter) {
        json.key("gates")
        json.beginArray()
        for gate in gates {
            json.beginObject()
            json.member("kind", gate.kind)
            json.member("text", gate.text(\.description))
            json.member("unblock", gate.remedy(run: run))
            json.member("until", gate.until?.description)
            if case .need(let need) = gate { json.member("stage", need.stage) }
            if case .agents(let demand) = gate { write(demand, into: &json) }
            json.endObject()
        }
        json.endArray()
    }

    private static func write(_ demand: Gate.Demand, into json: inout JSONWriter) {
        json.member("agentKind", demand.kind)
        json.key("agents")
        json.beginArray()
        for answer in demand.agents {
            json.beginObject()
            json.member("agent", answer.agent)
            json.member("kind", answer.verdict.kind)
            json.member("text", answer.verdict.text(\.description))
            json.member("unblock", answer.verdict.remedy(\.description))
            json.endObject()
        }
        json.endArray()
    }

    private static func write(_ end: EndCause, of run: String, stage: String?, into json: inout JSONWriter) {
        json.key("end")
        json.beginObject()
        json.member("text", end.text)
        json.member("unblock", end.remedy(run: run, stage: stage))
        json.endObject()
    }
}
