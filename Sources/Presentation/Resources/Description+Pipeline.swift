package import Model

extension Description {
    /// - Parameter runs: The pipeline's own runs.
    package init(_ pipeline: Pipeline, runs: [PipelineRun], now: Timestamp, width: Int?) {
        self.init(now: now, width: width)
        let spec = pipeline.spec
        let readiness = PipelineReadiness(pipeline)
        field("Name", Line(pipeline.metadata.name, .bold))
        field("Namespace", pipeline.metadata.namespace)
        field("Ready", Line(readiness.word, readiness.ink))
        time("Created", pipeline.metadata.creationTimestamp)
        field("Source", spec.source?.url)
        field("Credentials", spec.source?.credentials)
        fields("Params", spec.params.map(Self.param))
        field("Timeout", TimeText.duration(microseconds: Int64(spec.timeoutSeconds) * 1_000_000))
        fields("Triggers", spec.triggers.map(Self.trigger))
        field(
            "Concurrency", spec.concurrency.map { "\($0.limit) at once in `\($0.group)`, then \($0.policy.rawValue)" })
        conditions(pipeline.status.conditions)
        section("Stages", stages(spec.stages))
        section("Finally", stages(spec.finally))
        let last = Array(runs.newestFirst.prefix(10))
        section("Last runs", last.isEmpty ? [] : RunTable(last, now: now, indent: 2).lines(width: width))
    }

    private func stages(_ stages: [StageSpec]) -> [Line] {
        guard !stages.isEmpty else { return [] }
        var table = Table(
            [
                Table.Column("STAGE"), Table.Column("AGENT"), Table.Column("NEEDS", overflow: .wrap(4)),
                Table.Column("DETAIL", overflow: .wrap(4), minimum: 24),
            ], indent: 2)
        for stage in stages {
            table.rows.append([
                Line(stage.name), Line(stage.approval == nil ? stage.agentKind : "(a person)"),
                Line(stage.needs.joined(separator: ", ")), Line(Self.detail(stage)),
            ])
        }
        return table.lines(width: width)
    }

    private static func detail(_ stage: StageSpec) -> String {
        var parts: [String] = []
        if let run = stage.run {
            parts.append("run: \(run.split(separator: "\n").first.map { $0.shown(48) } ?? "")")
        }
        if let message = stage.approval?.message { parts.append(message) }
        parts += stage.agentSelector.entries.map { "\($0.key)=\($0.value)" }
        parts += stage.matrix?.axes.map { "\($0.name): \($0.values.joined(separator: ", "))" } ?? []
        if !stage.when.isEmpty { parts.append("conditional") }
        if let retry = stage.retry, retry.limit > 0 { parts.append("retries \(retry.limit)") }
        if stage.onFailure == .continue { parts.append("may fail") }
        return parts.joined(separator: "; ")
    }

    private static func param(_ param: ParamSpec) -> String {
        let value = param.default.map { " = \($0)" } ?? " (required)"
        return param.name + value + (param.description.map { "  \($0)" } ?? "")
    }

    private static func trigger(_ trigger: Trigger) -> String {
        func list(_ label: String, _ globs: [String]) -> String {
            globs.isEmpty ? "" : " \(label) \(globs.joined(separator: ", "))"
        }
        func filter(_ name: String, _ filter: RefFilter) -> String {
            name + list("to", filter.branches) + list("touching", filter.paths) + list("ignoring", filter.pathsIgnore)
        }
        if let push = trigger.push { return filter("push", push) }
        if let request = trigger.pullRequest { return filter("pull request", request) }
        if let tag = trigger.tag { return "tag" + list("like", tag.tags) }
        if let schedule = trigger.schedule { return "schedule \(schedule.cron) \(schedule.timeZone ?? "UTC")" }
        return "(none)"
    }
}
