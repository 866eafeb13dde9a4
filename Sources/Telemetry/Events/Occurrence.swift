package import Model
internal import Planning

/// Something that CDEvents has a word for and that has happened to a run.
package struct Occurrence: Equatable, Sendable {
    package enum Outcome: String, Sendable {
        case success
        /// What was tried did not succeed: a test failed.
        case failure
        /// It did not come to that: a timeout, a cancel, an agent that was lost.
        case error
    }

    package enum What: Equatable, Sendable {
        case runQueued
        case runStarted
        case runFinished(Outcome, reason: String, errors: String?)
        case stageStarted(Fence)
        case stageFinished(Fence, Outcome, reason: String, errors: String?)
    }

    package var what: What
    /// Nil where nothing says when it was.
    package var time: Timestamp?

    package init(_ what: What, at time: Timestamp?) {
        self.what = what
        self.time = time
    }

    /// Tells it apart from all else that happens to its run, whoever derives it from the status and however often.
    package var key: String {
        switch what {
        case .runQueued: "queued"
        // A rerun starts and ends anew.
        case .runStarted: "started@\(time?.microseconds ?? 0)"
        case .runFinished: "finished@\(time?.microseconds ?? 0)"
        case .stageStarted(let fence): "\(fence.stage)/\(fence.attempt)/started"
        // Without an attempt (an approval) only the time tells one rerun's from another's.
        case .stageFinished(let fence, _, _, _) where fence.attempt == 0:
            "\(fence.stage)/0/finished@\(time?.microseconds ?? 0)"
        case .stageFinished(let fence, _, _, _): "\(fence.stage)/\(fence.attempt)/finished"
        }
    }

    /// Where it stands among those of the same moment.
    private var rank: Int {
        switch what {
        case .runQueued: 0
        case .runStarted: 1
        case .stageFinished: 2
        case .stageStarted: 3
        case .runFinished: 4
        }
    }

    /// Everything that a run's status says has happened, in order.
    package static func all(of run: PipelineRun) -> [Occurrence] {
        let status = run.status
        var all = [Occurrence(.runQueued, at: run.metadata.creationTimestamp ?? status.startTime)]
        if let start = status.startTime { all.append(Occurrence(.runStarted, at: start)) }
        var inStages: [Occurrence] = []
        for stage in status.stages { add(stage, of: run.uid, to: &inStages) }
        // An attempt begins before it ends, though both may bear the same moment.
        all += inStages.enumerated().sorted { left, right in
            let times = (left.element.time?.microseconds ?? .max, right.element.time?.microseconds ?? .max)
            if times.0 != times.1 { return times.0 < times.1 }
            if left.element.isOfSameAttempt(right.element) || left.element.rank == right.element.rank {
                return left.offset < right.offset
            }
            return left.element.rank < right.element.rank
        }
        .map(\.element)
        if let end = status.completionTime { all.append(Occurrence(finish(of: status), at: end)) }
        return all
    }

    private func isOfSameAttempt(_ other: Occurrence) -> Bool {
        switch (what, other.what) {
        case (.stageStarted(let fence), .stageFinished(let last, _, _, _)),
            (.stageFinished(let last, _, _, _), .stageStarted(let fence)):
            fence == last
        default: false
        }
    }

    private static func add(_ stage: StageStatus, of run: String, to all: inout [Occurrence]) {
        let fence = stage.fence(in: run)
        if let start = stage.startTime { all.append(Occurrence(.stageStarted(fence), at: start)) }
        let errors = stage.message ?? stage.reason
        let reason = stage.reason ?? stage.state.rawValue
        switch stage.state {
        case .succeeded:
            all.append(
                Occurrence(.stageFinished(fence, .success, reason: reason, errors: nil), at: stage.completionTime))
        case .failed:
            let outcome: Outcome = isError(stage.reason) ? .error : .failure
            all.append(
                Occurrence(.stageFinished(fence, outcome, reason: reason, errors: errors), at: stage.completionTime))
        case .cancelled where stage.startTime != nil:
            all.append(
                Occurrence(.stageFinished(fence, .error, reason: reason, errors: errors), at: stage.completionTime))
        // Between two attempts the status still shows the one that failed.
        case .waiting, .queued:
            guard stage.startTime != nil, stage.failures > 0 else { return }
            all.append(Occurrence(.stageFinished(fence, .failure, reason: Reason.failure, errors: errors), at: nil))
        // What never began has not ended either.
        case .cancelled, .skipped, .pending, .assigned, .running: break
        }
    }

    private static func finish(of status: PipelineRunStatus) -> What {
        let condition = status.succeeded
        let reason = condition?.reason ?? "Unknown"
        if condition?.status == .true { return .runFinished(.success, reason: reason, errors: nil) }
        let message = condition?.message ?? ""
        return .runFinished(
            reason == Reason.stageFailed ? .failure : .error, reason: reason,
            errors: message.isEmpty ? reason : message)
    }

    private static let errors: Set<String> = [
        Reason.timeout, Reason.agentLost, Reason.unresolvedReference, Reason.sourceUnavailable, Reason.statusRejected,
        Reason.valueTooLarge, Reason.resultsTooLarge, Reason.resultsInvalid,
    ]

    private static func isError(_ reason: String?) -> Bool { reason.map(errors.contains) ?? false }
}
