package import AgentProtocol
package import Model
package import Planning

/// Everything that the controller can do.
package enum ControllerAction: Equatable, Sendable {
    case write(StatusWrite)
    /// A run that has had its time; the answer is `ControllerInput.deleted`.
    case delete(RunReference)
    /// An assignment's delivery is reported back as `ControllerInput.published`.
    case publish(ControllerMessage, to: Inbox)
    case reportToAll
    case commit([ResultsPosition])
    case catchUp(token: Int)
    case resolve(uid: String, SourceRequest)
    case lookUp(uid: String)
    case observed(PipelineRun, happenings: [Happening], isStored: Bool)
    case unplaced([UnplacedStage])
    /// The instances that get nothing for a while, whenever there are others.
    case passedOver([PassedOver])
    case expectTraffic(Bool)
    /// What has been observed of a pipeline.
    case patch(PipelinePatch)
    /// What an attempt found in the source, and its run as it stood before that was read.
    case annotated(Fence, of: PipelineRun, [Annotation])
    /// A report was dropped.
    case stale(StageReport)
    case warn(ControllerWarning)
}
