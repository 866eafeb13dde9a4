package import Model

extension StageGraph {
    /// The largest sizes of values in an assignment, their references replaced.
    static let envLimit = 4096
    static let withLimit = 65_536

    /// Whether what needs that stage may go on: nil while it has not ended, false where it ended badly.
    func isMet(_ need: Int, in status: PipelineRunStatus) -> Bool? {
        let stage = status.stages[need]
        switch stage.state {
        case .succeeded: return true
        case .failed: return stages[need].continuesOnFailure
        case .skipped where stage.reason == Reason.whenNotMet: return true
        // Left out because a combination failed whose failure the pipeline goes on after.
        case .skipped where stage.reason == Reason.failFast: return stages[need].continuesOnFailure
        case .skipped, .cancelled: return false
        case .pending, .waiting, .queued, .assigned, .running: return nil
        }
    }

    static func messageLimit(stages: Int) -> Int {
        min(StageStatus.messageLimit, 32_768 / max(1, stages))
    }

    /// The repository that agents may have mirrored.
    func repository(of source: ResolvedSource?) -> String? {
        guard let source else { return nil }
        if let own = spec.source, own.url == source.url { return ownRepository }
        return RepositoryURL.normalised(source.url)
    }

    /// The concurrency group that a run belongs to; nil without one.
    package func concurrencyGroup(of run: PipelineRun) throws(UnresolvedReference) -> String? {
        guard let concurrencyGroup else { return nil }
        // By what was asked for alone: a branch that is found out later would move the run into another group.
        let values = ReferenceValues(run: run, graph: self, status: PipelineRunStatus())
        return try concurrencyGroup.resolved { values.value(of: $0, at: nil) }
    }
}

extension PipelineRun {
    /// What the run's stages are compiled from (frozen, inline, or those of its pipeline now), and what keeps it from
    /// starting or going on.
    ///
    /// - Parameters:
    ///   - pipeline: What `pipelineRef` names now; nil where there is none.
    ///   - isSpecChanged: Whether the home has seen a change of what may not change.
    package func ground(pipeline: Pipeline?, isSpecChanged: Bool) -> (spec: PipelineSpec?, obstacle: Obstacle?) {
        var spec = status.pipelineSpec ?? self.spec.pipelineSpec
        var obstacle: Obstacle?
        if let name = self.spec.pipelineRef?.name, spec == nil {
            spec = pipeline?.spec
            if pipeline == nil {
                obstacle = .pipelineNotFound("there is no pipeline `\(name)`; the run waits for it")
            } else if pipeline?.spec.desiredState == .suspended {
                obstacle = .pipelineSuspended("pipeline \(name) is suspended: set its `desiredState` to Active")
            }
        }
        // Homes whose objects others write can't keep such runs out.
        if status.startTime == nil, let problem = self.spec.ownProblems().first {
            obstacle = .invalid(GraphProblem(problem).sentence)
        }
        if isSpecChanged {
            obstacle = .specChanged(
                "only `desiredState`, `rerunCount` and `approvals` of a run may change: make a new run for the rest")
        }
        return (spec, obstacle)
    }
}
