internal import Model
internal import Planning

extension RunEntry {
    /// Finds out what has to be asked of which repository, if anything has.
    ///
    /// - Returns: The uptime at which to look again, where asking anew has to wait.
    mutating func prepareSource(at uptime: Int64) -> Int64? {
        if let resolved = run.status.source {
            source = .resolved(resolved)
            return nil
        }
        // A rerun asks again: the branch may be there now.
        if sourceRerun != run.spec.rerunCount {
            sourceRerun = run.spec.rerunCount
            resolveAttempts = 0
            if !isResolving { source = .none }
        }
        switch source {
        case .resolved, .failed: return nil
        case .retrying:
            // The wake for it may have been left out for an earlier one.
            if let time = resolveNotBefore, time > uptime { return time }
        case .none, .unresolved: break
        }
        guard let url = run.spec.source?.url ?? graph?.spec.source?.url else {
            source = .none
            return nil
        }
        source = .unresolved(url: url, ref: run.spec.source?.wantedRef)
        return nil
    }
}

extension RunSource {
    /// What git is asked for; nil for the repository's HEAD.
    fileprivate var wantedRef: String? { revision ?? ref ?? pullRequest.map { "refs/pull/\($0)/head" } }
}
