internal import Model

/// What Slack is to be told of a run, by its pipeline's wishes and by what has been told.
enum SlackDecision: Equatable, Sendable {
    case nothing
    /// A message of its own.
    case post(isRecovery: Bool)
    /// The message that is there.
    case update(isRecovery: Bool)

    /// - Parameter canUpdate: Whether one message can be kept up to date; else only ends are told.
    ///
    /// - `Succeeded` is told of every success, and with messages that can be updated from the run's start.
    /// - `Failed` is told of every failure, and with such messages as soon as a stage has failed for good.
    /// - `Recovered` is told of a success after a failure: of the run before, or of this run before its rerun.
    /// - A run that somebody cancelled, or that a newer one superseded, has not failed. It is told only where a message
    ///   about it is there already.
    static func decide(
        _ run: RunSummary, _ spec: SlackSpec, told: NotificationRecord?, canUpdate: Bool
    ) -> SlackDecision {
        if run.phase.isEnd, told?.event == run.event { return .nothing }
        let isRecovery = run.phase == .succeeded && (run.formerOutcome == .false || toldFailure(told))
        if canUpdate, told?.reference != nil { return .update(isRecovery: isRecovery) }
        let isWanted =
            switch run.phase {
            case .waiting: false
            case .running: canUpdate && spec.events.contains(.succeeded)
            case .failing: canUpdate && (spec.events.contains(.succeeded) || spec.events.contains(.failed))
            case .succeeded: spec.events.contains(.succeeded) || isRecovery && spec.events.contains(.recovered)
            case .failed: spec.events.contains(.failed)
            case .cancelled: false
            }
        return isWanted ? .post(isRecovery: isRecovery) : .nothing
    }

    /// Whether what was told last was the failure of an earlier go at the run.
    private static func toldFailure(_ told: NotificationRecord?) -> Bool {
        told?.event.hasPrefix("\(RunPhase.failed.rawValue)/") ?? false
    }
}
