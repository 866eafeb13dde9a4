internal import Model
internal import Planning

/// How far a run has come, as people tell each other.
enum RunPhase: String, Equatable, Sendable {
    /// Nothing has started yet.
    case waiting = "Waiting"
    case running = "Running"
    /// Active, but a stage has failed for good that the pipeline doesn't go on after.
    case failing = "Failing"
    case succeeded = "Succeeded"
    case failed = "Failed"
    /// A person, or a newer run, didn't want it any more.
    case cancelled = "Cancelled"

    var isEnd: Bool {
        switch self {
        case .succeeded, .failed, .cancelled: true
        case .waiting, .running, .failing: false
        }
    }
}

/// What is told of a run, drawn from it once: the same for every target.
struct RunSummary: Equatable, Sendable {
    struct Stage: Equatable, Sendable {
        var id: String
        /// What people see: `test[python=3.12]`.
        var title: String
        var status: StageStatus
        /// The pipeline goes on after its failure.
        var isTolerated: Bool
    }

    var uid: String
    var name: String
    var namespace: String?
    /// The pipeline's name; the run's own where the pipeline is written inside of it.
    var pipeline: String
    var phase: RunPhase
    /// The word and the sentence of the condition `Succeeded`.
    var reason: String
    var message: String
    var rerun: Int
    var progress: String?
    var stages: [Stage]
    var url: String
    var ref: String?
    var revision: String?
    var pullRequest: Int?
    var title: String?
    var sender: String?
    var start: Timestamp?
    var completion: Timestamp?
    var formerOutcome: Condition.Status
    var notifications: NotificationSpec

    /// The stage that the run fails by; nil while none has failed for good.
    var failing: Stage? {
        let failed = stages.filter { $0.status.state == .failed && !$0.isTolerated }
        return failed.first { stage in
            !(stage.status.reason.map(Self.consequences.contains) ?? false)
        } ?? failed.first
    }

    /// Failed because of another stage.
    private static let consequences = [Reason.halted, Reason.failFast, Reason.needFailed, Reason.needSkipped]
    /// Ends that somebody wanted, which are no failures of what was run.
    private static let cancellations = [
        Reason.cancelled, Reason.superseded, Reason.concurrencyRejected, Reason.pipelineSuspended,
    ]

    init(_ run: PipelineRun) {
        let status = run.status
        let spec = Self.spec(of: run)
        let graph = spec.flatMap { try? StageGraph($0) }
        let condition = status.succeeded
        uid = run.uid
        name = run.metadata.name
        namespace = run.metadata.namespace
        pipeline = run.spec.pipelineRef?.name ?? run.metadata.name
        reason = condition?.reason ?? ""
        message = condition?.message ?? ""
        rerun = status.observedRerun
        progress = status.progress
        stages = status.stages.map { stage in
            let compiled = graph.flatMap { graph in graph.place(of: stage.id).map { graph.stages[$0] } }
            return Stage(
                id: stage.id, title: compiled?.title ?? stage.id, status: stage,
                isTolerated: compiled.map { $0.spec.onFailure == .continue } ?? false)
        }
        url = status.source?.url ?? run.spec.source?.url ?? spec?.source?.url ?? ""
        ref = status.source?.ref ?? run.spec.source?.ref
        // Before its start a run knows of its commit what has made it.
        revision = status.source.flatMap { $0.revision.isEmpty ? nil : $0.revision } ?? run.spec.source?.revision
        pullRequest = run.spec.source?.pullRequest
        title = run.metadata.annotations[RunLabels.title]
        sender = run.metadata.annotations[RunLabels.sender]
        start = status.startTime
        completion = status.completionTime
        formerOutcome = status.formerOutcome
        notifications = spec?.notifications ?? NotificationSpec()
        phase = .waiting
        phase = currentPhase(condition)
    }

    /// The pipeline that the run goes through, as far as it is known yet.
    static func spec(of run: PipelineRun) -> PipelineSpec? {
        run.status.pipelineSpec ?? run.spec.pipelineSpec
    }

    /// How the run stands and the rerun it belongs to: `Failed/0`. What a record says of what was told.
    ///
    /// An end without a start is another than the one that may follow, once what was wrong with the run is mended.
    var event: String { "\(phase.rawValue)/\(rerun)" + (start == nil && phase.isEnd ? "/unstarted" : "") }

    private func currentPhase(_ condition: Condition?) -> RunPhase {
        if completion != nil {
            if condition?.status == .true { return .succeeded }
            return Self.cancellations.contains(reason) ? .cancelled : .failed
        }
        if failing != nil { return .failing }
        return start == nil ? .waiting : .running
    }
}
