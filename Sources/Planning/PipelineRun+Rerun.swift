package import Model

extension PipelineRun {
    /// Whether somebody wants it to run again, and nobody wants it cancelled: a rerun that is asked for together with a
    /// cancel never begins.
    package var wantsRerun: Bool {
        spec.rerunCount > status.observedRerun && spec.desiredState != .cancelled && metadata.deletionTimestamp == nil
    }

    /// Whether it has ended and isn't about to run again.
    package var hasEnded: Bool { status.isFinished && !wantsRerun }
}
