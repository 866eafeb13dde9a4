internal import Model

/// What a manifest means for the run of its name.
enum ManifestVerdict: Equatable {
    case unchanged
    /// The record has changed and is to be stored; what was refused is told to the user.
    case changed(refusals: [String])
    /// The file had been gone: this is another run, and the old one gives it its name.
    case anotherRun
    /// The name is taken by something that no file may change.
    case refused(String)
}

extension RunRecord {
    /// Takes up what a run's file says now.
    ///
    /// Verbs that were changed in the file take effect. A change of anything else is refused: the run keeps the spec
    /// that it was made with, and says so as long as the file asks for another.
    mutating func follow(_ wanted: PipelineRun, in path: String) -> ManifestVerdict {
        guard file != nil else {
            return .refused("there is a run of this name that a command made: choose another name")
        }
        guard isPresent else { return .anotherRun }
        var changed = self.file != path
        self.file = path
        let user = wanted.metadata.userPart
        if metadata != user {
            metadata = user
            changed = true
        }
        var refusals: [String] = []
        let new = RunVerbs(wanted.spec)
        if new != fileVerbs {
            var merged = verbs
            refusals += merged.follow(file: new, before: fileVerbs)
            fileVerbs = new
            want(merged)
            changed = true
        }
        let isOther = wanted.spec.immutable != spec
        if isOther != isSpecChanged {
            isSpecChanged = isOther
            changed = true
            if isOther {
                refusals.append(
                    "only `desiredState`, `rerunCount` and `approvals` of a run may change; "
                        + "make a new run for the rest, or put it back")
            }
        }
        return changed ? .changed(refusals: refusals) : .unchanged
    }

    /// Notes that the run's file has been deleted, which cancels the run unless it has ended.
    mutating func loseFile() {
        isPresent = false
        guard !hasEnded else { return }
        var cancelled = verbs
        cancelled.desiredState = .cancelled
        want(cancelled)
    }
}

extension PipelineRecord {
    /// Takes up what a pipeline's file says now; whether that is anything new.
    mutating func follow(_ wanted: Pipeline, in path: String) -> Bool {
        let user = wanted.metadata.userPart
        let isOther = wanted.spec != spec
        guard isOther || user != metadata || path != file || !isPresent else { return false }
        if isOther {
            spec = wanted.spec
            generation += 1
        }
        metadata = user
        file = path
        isPresent = true
        return true
    }

    /// Says in the status what is wrong with the file, or no longer is; whether that is anything new.
    mutating func note(mistake: String?, at now: Timestamp) -> Bool {
        let former = status.conditions
        if let mistake {
            status.conditions.set(
                Condition.ready, .false, reason: Reason.invalidSpec,
                message: "the version before this mistake holds: \(mistake.shown(900))", generation: generation, at: now
            )
        } else {
            status.conditions.removeAll { $0.type == Condition.ready }
        }
        return status.conditions != former
    }
}
