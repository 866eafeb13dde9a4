package import Model

extension PipelineRun {
    /// Whether anybody at all may have written what the run checks out.
    package var isOfFork: Bool { spec.source?.trust == .fork }

    /// Whether nobody has let go yet what comes from a fork.
    package var isHeldFork: Bool { isOfFork && status.startTime == nil }

    /// The labels that an agent must have for a stage: what strangers may have written goes to agents that are there for
    /// it, and to no other.
    func selector(of stage: StageGraph.Stage) -> StringMap {
        guard isOfFork else { return stage.spec.agentSelector }
        var selector = stage.spec.agentSelector
        selector[RunLabels.forks] = RunLabels.forksAllowed
        return selector
    }
}
