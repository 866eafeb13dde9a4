package import Model
package import Planning

/// Is told what the controller has stored: a terminal, a dashboard, notifications. Called in order, and must not block.
package protocol ControllerObserver: Sendable {
    /// A run's status, once stored, or its planned status where only messages moved, with what happened since the last.
    func observed(_ run: PipelineRun, happenings: [Happening])
    /// Why stages that are ready aren't placed, whenever it changes.
    func unplaced(_ stages: [Placement.Unplaced])
}
