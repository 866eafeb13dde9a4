package import Model

/// Whether an agent that offers a stage's kind can take the stage, and if not, why.
package enum AgentVerdict: Equatable, Sendable {
    /// It could take it in the next pass of the scheduler.
    case able(free: Int)
    case busy(slots: Int)
    /// `arch=arm64` of all that the stage asks for and the agent hasn't.
    case lacksLabels([String])
    /// It finishes what it has, and takes nothing more.
    case draining
    /// It declined or missed its last stage, and is asked again after that time.
    case passedOver(until: Timestamp, cause: String?)
    /// It has not been heard of for longer than a lease.
    case silent(since: Timestamp)

    /// Whether waiting can be enough for it to take the stage.
    package var isHopeful: Bool {
        switch self {
        case .able, .busy, .passedOver: true
        case .lacksLabels, .draining, .silent: false
        }
    }

    /// After the agent's name: `busy (2 of 2 slots)`.
    package func text(_ moment: (Timestamp) -> String) -> String {
        switch self {
        case .able(let free): "\(free) \(free == 1 ? "slot" : "slots") free: the scheduler's next pass may give it one"
        case .busy(let slots): "busy (\(slots) of \(slots) \(slots == 1 ? "slot" : "slots"))"
        case .lacksLabels(let labels):
            "lacks \(labels.count == 1 ? "label" : "labels") \(labels.joined(separator: ", "))"
        case .draining: "draining"
        case .passedOver(let until, let cause):
            "passed over until \(moment(until))" + (cause.map { ", it \($0)" } ?? "")
        case .silent(let since): "silent since \(moment(since))"
        }
    }

    /// What would let this agent take the stage.
    package func remedy(_ moment: (Timestamp) -> String) -> String {
        switch self {
        case .able: "the scheduler's next pass"
        case .busy: "the end of one of its stages, or more slots for it (`--slots`)"
        case .lacksLabels(let labels):
            "starting it with \(labels.map { "`--label \($0)`" }.joined(separator: " ")), or an `agentSelector` "
                + "that asks for less"
        case .draining: "a new start of it"
        case .passedOver(let until, _):
            "the next try at \(moment(until)); a stage that it claims ends this too. Its log says what keeps it "
                + "from its work"
        case .silent: "a new start of it, or its way to Kafka"
        }
    }

    /// One word for programs.
    package var kind: String {
        switch self {
        case .able: "Able"
        case .busy: "Busy"
        case .lacksLabels: "LacksLabels"
        case .draining: "Draining"
        case .passedOver: "PassedOver"
        case .silent: "Silent"
        }
    }
}

extension Candidate {
    /// What keeps it from a stage with that selector whose kind it offers; the reason that takes longest to pass first.
    package func verdict(on selector: StringMap, now: Timestamp) -> AgentVerdict {
        let missing = selector.entries.filter { labels[$0.key] != $0.value }
        if !missing.isEmpty { return .lacksLabels(missing.map { "\($0.key)=\($0.value)" }) }
        if let silentSince { return .silent(since: silentSince) }
        if isDraining || slots <= 0 { return .draining }
        if let until = passedOverUntil, until > now { return .passedOver(until: until, cause: passedOverCause) }
        let open = min(free, slots)
        return open > 0 ? .able(free: open) : .busy(slots: slots)
    }
}
