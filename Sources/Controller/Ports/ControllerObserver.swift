package import Model
package import Planning

/// Is told what the controller sees and stores: a terminal, a dashboard, notifications. Called in order, and must not
/// block.
package protocol ControllerObserver: Sendable {
    /// A run as it stands. `isStored` is false for what will be written a little later (a stage that began to run);
    /// `happenings` come exactly once per process, and only with what is stored.
    func observed(_ run: PipelineRun, happenings: [Happening], isStored: Bool)
    /// Why stages that are ready aren't placed, whenever that changes.
    func unplaced(_ stages: [Placement.Unplaced])
    /// The agents' instances that get nothing for a while, whenever that changes.
    func passedOver(_ instances: [PassedOver])
    /// Something that an operator may want to know; `problem` is a sentence.
    func warned(_ problem: String)
}

extension ControllerObserver {
    package func passedOver(_ instances: [PassedOver]) {}
}
