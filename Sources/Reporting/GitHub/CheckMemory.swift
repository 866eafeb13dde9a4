internal import Model

/// Which check runs there are for one run, and what they were told last.
struct CheckMemory {
    struct Known {
        var id: Int64
        /// Nil where it isn't known what GitHub has been told of it.
        var sent: CheckRun?
        var isSuccess = false
        /// How many annotations it has got.
        var annotations = 0
    }

    /// False until GitHub has been asked for those that are there, and again once a request for a new one has had no
    /// answer: without asking there would be two.
    var isListed = false
    /// By external id.
    private(set) var known: [String: Known] = [:]
    /// Stages with a check run, in some rerun, that has succeeded.
    private var succeeded: Set<String> = []

    subscript(externalID: String) -> Known? { known[externalID] }

    func hasSuccess(of stage: String) -> Bool { succeeded.contains(stage) }

    /// A check run that GitHub lists.
    mutating func found(_ check: ListedCheck, run uid: String) {
        // The uid ends at the first slash, the rerun begins after the last.
        guard check.externalID.hasPrefix("\(uid)/"), let stage = Self.stage(check.externalID) else { return }
        if check.isSuccess { succeeded.insert(stage) }
        guard var entry = known[check.externalID] else {
            known[check.externalID] = Known(
                id: check.id, sent: nil, isSuccess: check.isSuccess, annotations: check.annotations)
            return
        }
        if check.id == entry.id {
            // A request whose answer was lost may have added some.
            entry.annotations = max(entry.annotations, check.annotations)
        } else if check.id < entry.id {
            // Two of the same name and id: the one that was made first goes on.
            entry.id = check.id
            entry.sent = nil
            entry.annotations = check.annotations
        }
        known[check.externalID] = entry
    }

    mutating func told(_ check: CheckRun, stage: String, id: Int64, annotations: Int) {
        known[check.externalID] = Known(
            id: id, sent: check, isSuccess: check.state == .completed("success"), annotations: annotations)
        if check.state == .completed("success") { succeeded.insert(stage) } else { succeeded.remove(stage) }
    }

    private static func stage(_ externalID: String) -> String? {
        guard let first = externalID.firstIndex(of: "/"), let last = externalID.lastIndex(of: "/"), first < last else {
            return nil
        }
        return String(externalID[externalID.index(after: first)..<last])
    }
}
