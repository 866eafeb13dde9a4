package import Model
internal import Planning

/// Where a run stands, in one word.
package struct RunPhase: Equatable, Sendable {
    package let word: String
    package let ink: Ink
    /// `StageFailed`, `PipelineNotFound`, …; nothing while all is as it should be.
    package let reason: String
    /// The sentence of its condition.
    package let message: String

    package init(_ run: PipelineRun) {
        let condition = run.status.succeeded
        let stored = condition?.reason ?? ""
        message = condition?.message ?? ""
        switch condition?.status {
        case .true:
            let isClean = stored != Reason.completedWithFailures
            (word, ink) = ("Succeeded", isClean ? .green : .yellow)
            reason = isClean ? "" : stored
        case .false:
            let isCancelled = stored == Reason.cancelled || stored == Reason.superseded
            (word, ink) = isCancelled ? ("Cancelled", .yellow) : ("Failed", .red)
            reason = stored == Reason.cancelled ? "" : stored
        case .unknown, nil:
            let isOrdinary = [Reason.active, Reason.paused, ""].contains(stored)
            reason = isOrdinary ? "" : stored
            if run.spec.desiredState == .cancelled {
                (word, ink) = ("Cancelling", .yellow)
            } else if run.spec.desiredState == .paused {
                (word, ink) = ("Paused", .yellow)
            } else if run.status.startTime == nil {
                (word, ink) = ("Waiting", .dim)
            } else {
                (word, ink) = isOrdinary ? ("Running", .cyan) : ("Ending", .yellow)
            }
        }
    }

    var glyph: TextSpan {
        switch word {
        case "Succeeded": TextSpan("✓", ink)
        case "Failed": TextSpan("✗", ink)
        case "Cancelled": TextSpan("⊘", ink)
        case "Waiting": TextSpan("·", ink)
        default: TextSpan("▸", ink)
        }
    }
}
