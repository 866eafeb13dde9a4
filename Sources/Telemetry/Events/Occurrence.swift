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
    package struct Key: Hashable, Sendable, CustomStringConvertible {
        fileprivate var word: Word
        fileprivate var stage = ""
        fileprivate var attempt = 0
        /// In microseconds, where only the time tells one rerun's from another's.
        fileprivate var time: Int64 = 0

        fileprivate enum Word: String {
            case queued, started, finished
        }

        package var description: String { "\(word.rawValue)/\(stage)/\(attempt)/\(time)" }
    }

    package var key: Key {
        let moment = time?.microseconds ?? 0
        return switch what {
        case .runQueued: Key(word: .queued)
        // A rerun starts and ends anew.
        case .runStarted: Key(word: .started, time: moment)
        case .runFinished: Key(word: .finished, time: moment)
        case .stageStarted(let fence): Key(word: .started, stage: fence.stage, attempt: fence.attempt)
        // An approval has no attempt.
        case .stageFinished(let fence, _, _, _):
            Key(
                word: .finished, stage: fence.stage, attempt: fence.attempt, time: fence.attempt == 0 ? moment : 0)
        }
    }

    /// What a run's status says has happened, in order; as far as it is wanted.
    package static func all(
        of run: PipelineRun, where isWanted: (Occurrence) -> Bool = { _ in true }
    ) -> [Occurrence] {
        let status = run.status
        var all = [Occurrence(.runQueued, at: run.metadata.creationTimestamp ?? status.startTime)]
        if let start = status.startTime { all.append(Occurrence(.runStarted, at: start)) }
        all = all.filter(isWanted)
        var inStages: [Occurrence] = []
        for stage in status.stages { add(stage, of: run.uid, to: &inStages) }
        let ranked = inStages.filter(isWanted).enumerated().map { place, occurrence in
            (
                time: occurrence.time?.microseconds ?? .max, rank: occurrence.rank(in: status), place: place,
                occurrence: occurrence
            )
        }
        all += ranked.sorted { ($0.time, $0.rank, $0.place) < ($1.time, $1.rank, $1.place) }.map(\.occurrence)
        if let end = status.completionTime {
            let finish = Occurrence(finish(of: status), at: end)
            if isWanted(finish) { all.append(finish) }
        }
        return all
    }

    /// Where it stands among what happens to stages at the same moment: what ends makes room for what begins, but an
    /// attempt that takes no time begins before it ends.
    private func rank(in status: PipelineRunStatus) -> Int {
        guard case .stageStarted(let fence) = what else { return 1 }
        return status[stage: fence.stage]?.completionTime == time ? 0 : 2
    }

    private static func add(_ stage: StageStatus, of run: String, to all: inout [Occurrence]) {
        // What comes to its end without having begun is no end of the attempt before.
        let fence = stage.startTime == nil ? Fence(run: run, stage: stage.id, attempt: 0) : stage.fence(in: run)
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
