package import Model

/// What an event of a repository leads to.
package struct TriggerDecision: Equatable, Sendable {
    /// Runs to be made, at most one a pipeline, in the pipelines' order.
    package var runs: [PipelineRun] = []
    /// Whether runs of the pull request that are active are to be cancelled.
    package var cancelsRuns = false
    /// Pipelines of this repository that get no run, and why.
    package var passedOver: [PassedPipeline] = []
    /// Why nothing happens, where that has nothing to do with a single pipeline.
    package var reason: String?

    package init() {}
}

/// A pipeline that an event didn't start.
package struct PassedPipeline: Equatable, Sendable {
    package var name: String
    package var namespace: String?
    /// The end of a sentence about the pipeline: "is suspended".
    package var reason: String

    package init(name: String, namespace: String?, reason: String) {
        self.name = name
        self.namespace = namespace
        self.reason = reason
    }
}
