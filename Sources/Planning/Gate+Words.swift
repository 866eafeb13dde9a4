package import Model

extension Gate {
    /// What holds it back, as a sentence without a full stop.
    ///
    /// - Parameter moment: How a time is written for whoever reads it: `19:41:02 (in 12s)`.
    package func text(_ moment: (Timestamp) -> String) -> String {
        switch self {
        case .noController: return "no controller runs, so nothing is acted on"
        case .unplanned: return "the controller has not taken it up yet"
        case .pipelineMissing(let text), .pipelineSuspended(let text), .concurrencyLimit(let text),
            .concurrencyRejected(let text):
            return text
        case .invalidSpec(let text): return "its spec is not valid: \(text)"
        case .specChanged(let text): return "its spec was changed: \(text)"
        case .superseded(let text): return "a newer run takes its place: \(text)"
        case .paused: return "the run is paused"
        case .fork(let revision): return "a pull request from a fork, whose commit \(revision) nobody has let go yet"
        case .windingDown(let text), .source(let text), .sourceTrouble(let text): return text
        case .kafka(let text): return "Kafka is out of reach: \(text)"
        case .need(let need):
            let message = need.message.map { $0.isEmpty ? "" : " (\($0))" } ?? ""
            return "needs `\(need.title)`, which \(need.state.asWords)\(message)"
        case .others(let open):
            return open.count == 1
                ? "runs once all other stages have ended; `\(open[0])` has not"
                : "runs once all other stages have ended; \(open.count) have not: \(Self.list(open))"
        case .when(let clause): return "its `when` doesn't hold, so it is going to be skipped: \(clause)"
        case .approval(_, let question, let deadline):
            return "waits for a person's decision" + (question.map { ": \($0)" } ?? "")
                + (deadline.map { "; fails at \(moment($0)) without one" } ?? "")
        case .backOff(let until, let failures, let tries):
            return "failed \(failures) of \(tries) times; tries again at \(moment(until))"
        case .maxParallel(let limit, let stage, let active):
            return "at most \(limit) \(limit == 1 ? "combination" : "combinations") of `\(stage)` at once, and these "
                + "go first: \(Self.list(active))"
        case .agents(let demand): return demand.text
        case .unseenAgents(let kind, let stored):
            return stored.isEmpty ? "waits for an agent that offers `\(kind)`" : stored
        case .claim(let agent, let since, let isHeard):
            let silence = isHeard == false ? ", which is not heard of" : ""
            return "given to agent \(agent)\(silence)" + (since.map { " at \(moment($0))" } ?? "") + ", not claimed yet"
        case .due: return "nothing speaks against it any more"
        }
    }

    /// What would get it out of the way, as a sentence without a full stop.
    package func remedy(run: String) -> String {
        switch self {
        case .noController: "start one: `martlet controller --manifests DIR`, or `martlet run PATH`"
        case .unplanned, .due: "the controller's next pass, within a second or so"
        case .pipelineMissing: "a manifest with that pipeline"
        case .pipelineSuspended: "`desiredState: Active` in the pipeline's manifest"
        case .invalidSpec: "mend it; `martlet validate` says where it is wrong"
        case .specChanged: "give it back its old spec, or make a new run"
        case .concurrencyLimit:
            "the end of one of the group's runs (`martlet cancel NAME` ends it), or a higher `limit`"
        case .concurrencyRejected: "nothing: make a new run once the group has room"
        case .superseded: "nothing: the newer run does its work"
        case .paused: "`martlet resume \(run)`"
        case .fork(let revision):
            "a look at it, then `martlet resume \(run)`, or the comment `/ok-to-test \(revision)` on the pull request"
        case .windingDown: "nothing; once it has ended, `martlet rerun \(run)` runs what was cut short"
        case .source: "the answer of the repository's server"
        case .sourceTrouble: "mend what the error says; it is tried again by itself"
        case .kafka: "Kafka's answer; nothing is lost meanwhile, and what runs goes on"
        case .need(let need): need.remedy(run: run)
        case .others(let open):
            "their end; `martlet cancel \(run)` ends \(open.count == 1 ? "it" : "them") at once"
        case .when: "another value: a new run, or a change of its `when` for the next one"
        case .approval(let stage, _, _): "`martlet approve \(run) \(stage)`, or with `--reject`"
        case .backOff: "nothing has to be done, it is tried again then"
        case .maxParallel: "the end of one of these, or a higher `maxParallel`"
        case .agents(let demand): demand.remedy
        case .unseenAgents(let kind, _):
            "an agent with a free slot: `martlet agent --kind \(kind)` starts one"
        case .claim(_, _, let isHeard):
            isHeard == false
                ? "another agent: it is given to one when the claim is overdue"
                : "the agent's claim; without it the stage goes to another within 10 s of Kafka having it"
        }
    }

    /// One word for programs.
    package var kind: String {
        switch self {
        case .noController: "NoController"
        case .unplanned: "Unplanned"
        case .pipelineMissing: Reason.pipelineNotFound
        case .pipelineSuspended: Reason.pipelineSuspended
        case .invalidSpec: Reason.invalidSpec
        case .specChanged: Reason.specChanged
        case .concurrencyLimit: Reason.concurrencyLimit
        case .concurrencyRejected: Reason.concurrencyRejected
        case .superseded: Reason.superseded
        case .paused: Reason.paused
        case .fork: "ForkApproval"
        case .windingDown: "Ending"
        case .source: Reason.resolvingSource
        case .sourceTrouble: Reason.retryingSource
        case .kafka: Reason.kafkaUnreachable
        case .need: Reason.needsPending
        case .others: "WaitingForOthers"
        case .when: Reason.whenNotMet
        case .approval: Reason.approvalPending
        case .backOff: Reason.backOff
        case .maxParallel: Reason.maxParallel
        case .agents(let demand): demand.isHopeful ? Reason.agentsBusy : Reason.noAgent
        case .unseenAgents: Reason.queued
        case .claim: "WaitingForClaim"
        case .due: "Due"
        }
    }

    /// When time alone opens it, where that is known.
    package var until: Timestamp? {
        switch self {
        case .backOff(let until, _, _): until
        case .noController, .unplanned, .pipelineMissing, .pipelineSuspended, .invalidSpec, .specChanged,
            .concurrencyLimit, .concurrencyRejected, .superseded, .paused, .fork, .windingDown, .source,
            .sourceTrouble,
            .kafka, .need, .others, .when, .approval, .maxParallel, .agents, .unseenAgents, .claim, .due:
            nil
        }
    }

    private static func list(_ titles: [String]) -> String {
        let named = titles.prefix(8).map { "`\($0)`" }.joined(separator: ", ")
        return titles.count > 8 ? "\(named) and \(titles.count - 8) more" : named
    }
}

extension Gate.Need {
    func remedy(run: String) -> String {
        switch state {
        case .running: mayFail ? "its end" : "its success"
        case .pending, .waiting, .queued, .assigned: "see `\(stage)`"
        case .failed, .skipped, .cancelled: "`martlet rerun \(run)` runs it again"
        case .succeeded: "the controller's next pass"
        }
    }
}

extension Gate.Demand {
    /// Whether an agent that is there can take it if it waits.
    package var isHopeful: Bool { agents.contains { $0.verdict.isHopeful } }

    var text: String {
        let wish = "`\(kind)`" + (selector.entries.isEmpty ? "" : " with \(labels)")
        if agents.isEmpty {
            return others == 0
                ? "no agent is there, and it needs one that offers \(wish)"
                : "no agent offers \(wish); \(others) \(others == 1 ? "offers" : "offer") other kinds"
        }
        let count = agents.count == 1 ? "1 agent offers" : "\(agents.count) agents offer"
        let able = agents.contains { if case .able = $0.verdict { true } else { false } }
        return able
            ? "\(count) `\(kind)`: it waits for its turn"
            : "\(count) `\(kind)`, and none can take it\(isHopeful ? " now" : "")"
    }

    var remedy: String {
        let command =
            "`martlet agent --kind \(kind)" + selector.entries.map { " --label \($0.key)=\($0.value)" }.joined()
        if agents.isEmpty { return "start one: \(command)`" }
        if agents.contains(where: { if case .able = $0.verdict { true } else { false } }) {
            return "the scheduler's next pass, unless stages of higher turn take the slots"
        }
        return isHopeful
            ? "a slot that becomes free, or one more agent: \(command)`" : "an agent that can: \(command)`"
    }

    private var labels: String { selector.entries.map { "\($0.key)=\($0.value)" }.joined(separator: ", ") }
}

extension StageStatus.State {
    /// After "which": `is running`.
    fileprivate var asWords: String {
        switch self {
        case .pending: "waits for what it needs itself"
        case .waiting: "is held back"
        case .queued: "waits for an agent"
        case .assigned: "is given to an agent"
        case .running: "is running"
        case .succeeded: "has succeeded"
        case .failed: "failed"
        case .skipped: "was skipped"
        case .cancelled: "was cancelled"
        }
    }
}
