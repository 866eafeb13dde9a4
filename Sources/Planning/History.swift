package import Model

/// How many ended runs of a pipeline are kept; all of them where there is no limit.
package struct HistoryLimits: Equatable, Sendable {
    package var successful: Int?
    /// Of those that ended otherwise: failed, cancelled, never started.
    package var failed: Int?

    package init(successful: Int? = nil, failed: Int? = nil) {
        self.successful = successful
        self.failed = failed
    }

    package init(_ spec: PipelineSpec) {
        self.init(successful: spec.successfulRunsHistoryLimit, failed: spec.failedRunsHistoryLimit)
    }
}

/// A run that has ended, as far as its pipeline's history is concerned.
package struct EndedRun: Equatable, Sendable {
    package var uid: String
    package var completionTime: Timestamp
    package var succeeded: Bool
    /// How long after its end it is kept; for good where there is no such time.
    package var ttlSeconds: Int?
    /// Whether something about it is still under way, so that it can't go yet.
    package var isWanted: Bool

    package init(
        uid: String, completionTime: Timestamp, succeeded: Bool, ttlSeconds: Int? = nil, isWanted: Bool = false
    ) {
        self.uid = uid
        self.completionTime = completionTime
        self.succeeded = succeeded
        self.ttlSeconds = ttlSeconds
        self.isWanted = isWanted
    }

    /// Nil for a run that is active, is about to run again, or is being deleted by somebody already.
    ///
    /// - Parameter pipeline: What `pipelineRef` names now. Where that is gone, the frozen copy says how long the run is
    ///   kept.
    package init?(_ run: PipelineRun, pipeline: Pipeline?, isWanted: Bool = false) {
        guard let end = run.status.completionTime, run.metadata.deletionTimestamp == nil, !run.wantsRerun else {
            return nil
        }
        let spec = run.spec.pipelineSpec ?? pipeline?.spec ?? run.status.pipelineSpec
        self.init(
            uid: run.uid, completionTime: end, succeeded: run.status.succeeded?.status == .true,
            ttlSeconds: spec?.ttlSecondsAfterFinished, isWanted: isWanted)
    }

    fileprivate var expiry: Timestamp? { ttlSeconds.map { completionTime.adding(seconds: $0) } }
}

/// What becomes of a pipeline's ended runs.
package struct HistoryCut: Equatable, Sendable {
    /// The UIDs of the runs to be deleted now, the oldest first.
    package var delete: [String] = []
    /// When time alone makes another one due; nil if it never does.
    package var lookAgain: Timestamp?

    package init() {}
}

/// Decides which ended runs of one pipeline have had their time.
///
/// Of the successful and of the others the newest are kept, up to each limit, by completion time, then UID; none longer
/// than its time to live. What is still wanted counts like any other and stays. A pure function, whose answer doesn't
/// depend on the order of `ended`.
package func cutHistory(_ ended: [EndedRun], limits: HistoryLimits, now: Timestamp) -> HistoryCut {
    var cut = HistoryCut()
    var kept = (successful: 0, failed: 0)
    let newestFirst = ended.sorted { left, right in
        if left.completionTime != right.completionTime { return left.completionTime > right.completionTime }
        return left.uid > right.uid
    }
    for run in newestFirst {
        let isExpired = run.expiry.map { $0 <= now } ?? false
        let isBeyond =
            run.succeeded ? kept.successful >= limits.successful ?? .max : kept.failed >= limits.failed ?? .max
        guard isExpired || isBeyond, !run.isWanted else {
            if run.succeeded { kept.successful += 1 } else { kept.failed += 1 }
            if let expiry = run.expiry, expiry > now { cut.lookAgain = min(cut.lookAgain ?? expiry, expiry) }
            continue
        }
        cut.delete.append(run.uid)
    }
    cut.delete.reverse()
    return cut
}
