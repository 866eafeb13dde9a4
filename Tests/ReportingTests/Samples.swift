import Controller
import Model
import ReportingSupport

@testable import Reporting

/// When everything in these tests begins.
let dawn = Timestamp(seconds: 1_700_000_000)
let commit = "1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d"

extension StageStatus {
    /// A stage that began a minute in, and ended another minute later if its state is final.
    static func sample(
        _ id: String, _ state: State, reason: String? = nil, message: String? = nil, attempt: Int = 1
    ) -> StageStatus {
        var stage = StageStatus(id: id, state: state)
        stage.reason = reason
        stage.message = message
        stage.attempt = state == .pending || state == .queued || state == .skipped ? 0 : attempt
        if stage.attempt > 0 { stage.startTime = dawn.adding(seconds: 60) }
        if state.isFinal { stage.completionTime = dawn.adding(seconds: 120) }
        return stage
    }
}

extension PipelineRun {
    /// A run of the pipeline `app` of github.com/acme/app on main.
    static func sample(
        _ uid: String = "u1", slack events: [SlackSpec.Event] = [], channel: String? = nil,
        github: NotificationSpec.GitHub = .none, stages: [StageStatus] = [], end: Condition.Status? = nil,
        reason: String = "", message: String = "", rerun: Int = 0, former: Condition.Status = .unknown,
        url: String = "https://github.com/acme/app.git", revision: String? = commit, started: Bool = true,
        tolerated: [String] = []
    ) -> PipelineRun {
        var spec = PipelineSpec()
        spec.stages = [StageSpec(name: "lint"), StageSpec(name: "test", needs: ["lint"], run: "make")]
        for place in spec.stages.indices where tolerated.contains(spec.stages[place].name) {
            spec.stages[place].onFailure = .continue
        }
        var notifications = NotificationSpec()
        if !events.isEmpty {
            var slack = SlackSpec()
            slack.events = events
            slack.channel = channel
            notifications.slack = slack
        }
        notifications.github = github
        spec.notifications = notifications
        var metadata = Metadata(name: "app-\(uid)", uid: uid, creationTimestamp: dawn)
        metadata.annotations[RunLabels.title] = "Make it <fast> & small"
        metadata.annotations[RunLabels.sender] = "ada"
        var asked = PipelineRunSpec()
        asked.pipelineRef = PipelineReference(name: "app")
        asked.rerunCount = rerun
        var status = PipelineRunStatus()
        status.pipelineSpec = spec
        if let revision { status.source = ResolvedSource(url: url, revision: revision, ref: "refs/heads/main") }
        status.stages = stages
        status.observedRerun = rerun
        status.formerOutcome = former
        if started { status.startTime = dawn }
        status.progress = "\(stages.count { $0.state.isFinal })/\(max(stages.count, 1))"
        if end != nil { status.completionTime = dawn.adding(seconds: 125) }
        status.conditions.set(
            Condition.succeeded, end ?? .unknown, reason: reason.isEmpty ? Self.word(end) : reason, message: message,
            at: dawn)
        return PipelineRun(metadata: metadata, spec: asked, status: status)
    }

    private static func word(_ end: Condition.Status?) -> String {
        switch end {
        case .true: Reason.succeeded
        case .false: Reason.stageFailed
        case .unknown, nil: Reason.active
        }
    }

    /// The same run once its status holds a record.
    func told(_ target: String, _ event: String, _ reference: String? = nil) -> PipelineRun {
        var run = self
        run.status.notifications.append(.sample(target, event, reference))
        return run
    }
}

extension NotificationRecord {
    static func sample(_ target: String, _ event: String, _ reference: String? = nil) -> NotificationRecord {
        var record = NotificationRecord()
        record.target = target
        record.event = event
        record.reference = reference
        return record
    }

    /// Without the time.
    var words: String { "\(target) \(event) \(reference ?? "-")" }
}

extension Annotation {
    static func sample(
        _ path: String, line: Int? = 3, column: Int? = nil, _ severity: Severity = .warning, rule: String? = nil,
        message: String = "odd"
    ) -> Annotation {
        var annotation = Annotation()
        annotation.path = path
        annotation.line = line
        annotation.column = column
        annotation.severity = severity
        annotation.rule = rule
        annotation.message = message
        return annotation
    }
}

extension StandInGitHub {
    /// One that knows the samples.
    convenience init(
        checks: [Check] = [], fault: @escaping Fault = { _, _ in nil }, lostAnswers: Set<Int> = []
    ) throws {
        let world = World(commit: ReportingTests.commit, userAgent: "martlet/1.2", now: dawn)
        try self.init(world, checks: checks, fault: fault, lostAnswers: lostAnswers)
    }
}
