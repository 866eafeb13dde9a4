package import Model

/// What becomes of a pipeline's schedules at one moment.
package struct ScheduleDecision: Equatable, Sendable {
    /// The time for which a run is to be made now.
    package var due: Timestamp?
    /// A time that came and for which it is too late now.
    package var missed: Timestamp?
    /// When to look again; nil if time alone changes nothing.
    package var next: Timestamp?
    /// Zones that this machine doesn't know: their schedules don't come.
    package var unknownZones: [String] = []

    package init() {}
}

/// Decides whether a pipeline's schedules have come since a run was made for them last.
///
/// Of all times that have passed, only the last is made up for, and only within its schedule's
/// `startingDeadlineSeconds`, as a CronJob of Kubernetes does. A pure function: `zone` stands for the machine's
/// knowledge of time zones.
///
/// - Parameter since: The time that a run was last made for; the pipeline's creation before the first.
package func scheduleDecision(
    for spec: PipelineSpec, since: Timestamp, now: Timestamp, zone: (String) -> ZoneOffset?
) -> ScheduleDecision {
    var decision = ScheduleDecision()
    guard spec.desiredState == .active else { return decision }
    for schedule in spec.triggers.compactMap(\.schedule) {
        guard case .success(let cron) = CronExpression.parse(schedule.cron) else { continue }
        let name = schedule.timeZone ?? "UTC"
        let utc: ZoneOffset = { _ in 0 }
        guard let offset = name == "UTC" ? utc : zone(name) else {
            decision.unknownZones.append(name)
            continue
        }
        if let last = cron.last(since: since, until: now, in: offset) {
            let isLate = schedule.startingDeadlineSeconds.map { last.adding(seconds: $0) < now } ?? false
            if isLate {
                decision.missed = max(decision.missed ?? last, last)
            } else {
                decision.due = max(decision.due ?? last, last)
            }
        }
        if let next = cron.next(after: now, in: offset) { decision.next = min(decision.next ?? next, next) }
    }
    return decision
}

extension PipelineRun {
    /// The run that a schedule asks for at a time. Its name follows from both, so that two who make it make one.
    package init(scheduled time: Timestamp, of pipeline: Pipeline) {
        var metadata = Metadata(name: NameHash.run(of: pipeline.metadata.name, for: "schedule \(time)"))
        metadata.namespace = pipeline.metadata.namespace
        metadata.labels[RunLabels.trigger] = "schedule"
        metadata.annotations[RunLabels.delivery] = "schedule \(time)"
        metadata.annotations[RunLabels.received] = time.description
        var spec = PipelineRunSpec()
        spec.pipelineRef = PipelineReference(name: pipeline.metadata.name)
        self.init(metadata: metadata, spec: spec)
    }
}
