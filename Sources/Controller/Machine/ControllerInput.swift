package import Model

/// Everything that the controller can learn.
package enum ControllerInput: Equatable, Sendable {
    case store(StoreEvent)
    case channel(ChannelEvent)
    case wrote(uid: String, WriteOutcome)
    /// The store's answer to a deletion.
    case deleted(uid: String, DeleteOutcome)
    /// Whether the broker has an assignment.
    case published(fence: Fence, digest: String, delivered: Bool)
    case sourceResolved(uid: String, Result<ResolvedSource, SourceError>)
    /// The answer to a direct read.
    case looked(uid: String, LookUp)
    /// Somebody has been told of a run; to be stored with it.
    case told(uid: String, NotificationRecord)
    /// Time has passed.
    case woke
}

package enum LookUp: Equatable, Sendable {
    case found(PipelineRun)
    case absent
    case failed(String)
}
