internal import AgentProtocol
internal import Model
internal import Planning

/// What the controller knows of one run between two passes.
struct RunEntry: Sendable {
    /// A report with the position that has to stay uncommitted until it is stored.
    struct Incoming: Sendable {
        var report: StageReport
        var position: ResultsPosition?

        mutating func forget(_ partition: Int) {
            if position?.partition == partition { position = nil }
        }
    }

    /// The spec as the store has it, and the status as planned, which may be ahead of what is stored.
    var run: PipelineRun
    var stored: PipelineRunStatus
    var version: String
    var graph: StageGraph?
    var obstacle: Obstacle?
    /// What the run is in its concurrency group, as long as it takes part there.
    var applicant: Applicant?
    /// What the others of its concurrency group keep it from.
    var admission: Obstacle?
    var source = SourceState.none
    var isResolving = false
    var resolveAttempts = 0
    /// The `rerunCount` that `source` was found out for.
    var sourceRerun = 0
    /// Not before this uptime, after a failed look.
    var resolveNotBefore: Int64?
    /// Reports that no pass has seen.
    var incoming: [Incoming] = []
    /// Reports that are in `run.status` and not in `stored`.
    var unstored: [Incoming] = []
    var isWriting = false
    /// Whether something came up while a write was under way, which the pass after it has to look at.
    var isTouched = false
    var writeFailures = 0
    var wasRefused = false
    /// The uptime at which an unimportant difference is written all the same.
    var writeDue: Int64?
    /// Not before this uptime, after a failed write.
    var writeNotBefore: Int64?
    var ready: [ReadyStage] = []
    /// What the last plan wants stopped.
    var stops: [StopOrder] = []
    var happenings: [Happening] = []
    /// What has been told to whom, and isn't in `stored` yet.
    var told: [NotificationRecord] = []
    /// A change that came while a write was under way.
    var update: Shared<PipelineRun>?
    var deletion = Deletion.none
    /// The hash of the fixed part of the spec as it was in that generation.
    var specHash: (generation: Int?, hash: String)?
    /// The earliest uptime that the timers hold for it.
    var wakeAt: Int64?

    init(_ run: PipelineRun) {
        self.run = run
        stored = run.status
        version = run.metadata.resourceVersion ?? ""
    }

    /// Whether a report has to stay on the results topic until the next write: while the stored status waits for it, even
    /// if the planned one no longer does, and while it is about an attempt that is yet to be stored.
    func mustKeep(_ report: StageReport, _ verdict: Verdict) -> Bool {
        guard let stage = stored[stage: report.fence.stage], stage.attempt == report.fence.attempt else {
            return verdict == .accepted
        }
        return stage.state.isBound && stage.digest == report.digest && stage.instance == report.instance
    }

    /// A partition is being read anew: what has come from it comes again, or is known nowhere any more.
    mutating func forgetPositions(in partition: Int) {
        for index in incoming.indices { incoming[index].forget(partition) }
        for index in unstored.indices { unstored[index].forget(partition) }
    }

    /// Says why a stage has no agent. Returns whether that is news.
    mutating func explain(_ stage: Placement.Unplaced) -> Bool { Planning.explain(stage, in: &run.status) }

    /// Whether nothing is stored of the run yet, and all that has happened to it is that its source is being looked up:
    /// what comes of that is mostly known at once, and stored with it.
    var waitsForSourceAlone: Bool {
        isResolving && resolveAttempts == 0 && stored.startTime == nil && !run.status.isFinished
            && unstored.isEmpty && told.isEmpty && !run.status.stages.contains { $0.state.isBound }
    }

    var pipelineName: String { run.spec.pipelineRef?.name ?? run.metadata.name }
}

extension RunEntry {
    /// How long one attempt at a stage may take.
    func timeoutSeconds(of stage: String) -> Int {
        graph.flatMap { graph in graph.place(of: stage).flatMap { graph.stages[$0].spec.timeoutSeconds } }
            ?? StageSpec.defaultTimeoutSeconds
    }
}
