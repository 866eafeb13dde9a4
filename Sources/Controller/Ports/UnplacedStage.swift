package import Planning

/// A stage that is ready and waits for an agent.
package struct UnplacedStage: Equatable, Sendable {
    package var run: ObjectKey
    package var why: Placement.Unplaced

    package init(run: ObjectKey, why: Placement.Unplaced) {
        self.run = run
        self.why = why
    }
}
