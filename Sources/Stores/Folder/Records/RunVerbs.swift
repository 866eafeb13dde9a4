package import Model

/// The part of a run's spec that may change: what people ask of a run once it is there.
struct RunVerbs: Fields, Equatable {
    var desiredState = PipelineRunSpec.DesiredState.running
    var rerunCount = 0
    var approvals: [ApprovalDecision] = []

    init() {}

    init(_ spec: PipelineRunSpec) {
        desiredState = spec.desiredState
        rerunCount = spec.rerunCount
        approvals = spec.approvals
    }

    mutating func visit(_ visitor: inout some FieldVisitor) {
        visitor.choice("desiredState", &desiredState, default: .running)
        visitor.number("rerunCount", &rerunCount, default: 0, in: 0...1000)
        visitor.list("approvals", &approvals, atMost: 256, uniqueBy: ["stage", "rerun"])
    }

    /// Takes up what a user has changed in a file since it was last read; what the file says still is no new word.
    ///
    /// So of a command and an edit, the later one wins. An edit can't take back a cancel, nor lower the count of
    /// reruns; a count that was raised always asks for one more rerun, however many commands have asked for before.
    /// - Returns: What was refused, for people.
    mutating func follow(file new: RunVerbs, before old: RunVerbs) -> [String] {
        var refusals: [String] = []
        if new.rerunCount < old.rerunCount {
            refusals.append("`rerunCount` may only grow; it stays \(rerunCount)")
        }
        let isRerun = new.rerunCount > old.rerunCount
        if isRerun { rerunCount = max(new.rerunCount, rerunCount + 1) }
        if new.desiredState != old.desiredState || isRerun {
            if desiredState == .cancelled, new.desiredState != .cancelled, !isRerun {
                refusals.append("a cancelled run stays so; raise `rerunCount` to run it again")
            } else {
                desiredState = new.desiredState
            }
        }
        for decision in new.approvals where !old.approvals.contains(decision) { decide(decision) }
        for decision in old.approvals where !new.approvals.contains(where: { $0.isAbout(decision) }) {
            approvals.removeAll { $0 == decision }
        }
        return refusals
    }

    /// Notes a decision in the place of an earlier one on the same stage.
    mutating func decide(_ decision: ApprovalDecision) {
        approvals.removeAll { $0.isAbout(decision) }
        approvals.append(decision)
    }
}

extension ApprovalDecision {
    fileprivate func isAbout(_ other: ApprovalDecision) -> Bool {
        stage == other.stage && rerun == other.rerun
    }
}

extension PipelineRunSpec {
    /// The part that never changes.
    var immutable: PipelineRunSpec {
        var spec = self
        spec.set(RunVerbs())
        return spec
    }

    mutating func set(_ verbs: RunVerbs) {
        desiredState = verbs.desiredState
        rerunCount = verbs.rerunCount
        approvals = verbs.approvals
    }
}

extension PipelineRun {
    /// Set on a run whose file asks for another spec than the one that the run was made with, which stays in force.
    package static let specChangedAnnotation = "martlet.dev/spec-changed"
    /// Set on a run whose name a later run has: its file was deleted, then written anew.
    package static let archivedAnnotation = "martlet.dev/archived"
}
