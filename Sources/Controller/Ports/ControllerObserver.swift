package import Model
package import Planning

/// Is told what the controller sees and stores: a terminal, a dashboard, notifications. Called in order, and must not
/// block.
package protocol ControllerObserver: Sendable {
    /// A run as it stands. `isStored` is false for what will be written a little later (a stage that began to run);
    /// `happenings` come exactly once per process, and only with what is stored.
    func observed(_ run: PipelineRun, happenings: [Happening], isStored: Bool)
    /// Why stages that are ready aren't placed, whenever that changes.
    func unplaced(_ stages: [UnplacedStage])
    /// The agents' instances that get nothing for a while, whenever that changes.
    func passedOver(_ instances: [PassedOver])
    func warned(_ warning: ControllerWarning)
    /// What the store tells, before anybody acts upon it: all there is at first and after each break, then each change
    /// that somebody else has made. In the folder home statuses that this process has written come with `observed` alone.
    func followed(_ event: StoreEvent)
    /// What an accepted result says about places in the source. It is in no status, and comes again whenever the agent
    /// says the result again, also to a new controller; `run` is as it stood before, so that of what is said again the
    /// attempt has ended there.
    func annotated(_ fence: Fence, of run: PipelineRun, _ annotations: [Annotation])
    /// A report that didn't match what is stored was dropped.
    func droppedStale(_ report: StageReport)
    /// The controller's loop has taken one step.
    func stepped(_ step: StepFigures)
}

extension ControllerObserver {
    package func unplaced(_ stages: [UnplacedStage]) {}
    package func warned(_ warning: ControllerWarning) {}
    package func passedOver(_ instances: [PassedOver]) {}
    package func followed(_ event: StoreEvent) {}
    package func annotated(_ fence: Fence, of run: PipelineRun, _ annotations: [Annotation]) {}
    package func droppedStale(_ report: StageReport) {}
    package func stepped(_ step: StepFigures) {}
}

/// What one step of the controller's loop took.
package struct StepFigures: Equatable, Sendable {
    /// How many inputs had come in.
    package var inputs: Int
    /// From the first of them to the step's beginning, in microseconds.
    package var waited: Int64
    /// From its beginning to its end, in microseconds.
    package var took: Int64
    /// Status writes that failed and are going to be made again.
    package var retries: Int

    package init(inputs: Int, waited: Int64, took: Int64, retries: Int) {
        self.inputs = inputs
        self.waited = waited
        self.took = took
        self.retries = retries
    }
}
