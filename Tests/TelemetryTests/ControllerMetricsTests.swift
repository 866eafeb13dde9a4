import Controller
import Glibc
import Model
import Planning
import PrometheusMetrics
import Telemetry
import Testing

@Suite
struct ControllerMetricsTests {
    private let registry = MetricsRegistry()

    private func metrics(_ gauges: ControllerGauges? = nil) -> ControllerMetrics {
        ControllerMetrics(in: registry, gauges: { gauges })
    }

    /// The samples of these metrics.
    private func samples(_ names: String...) async -> [String] {
        await registry.render().split(separator: "\n").map(String.init).filter { line in
            names.contains { line.hasPrefix("\($0){") || line.hasPrefix("\($0) ") }
        }
    }

    private func running(_ attempt: Int, ready: Timestamp, at time: Timestamp, _ id: String = "lint") -> StageStatus {
        var status = stage(id, .running, attempt: attempt)
        status.queuedTime = ready
        status.startTime = time
        return status
    }

    @Test
    func `runs and stages are counted by how they end, and their times taken`() async {
        let metrics = metrics()
        let run = run().started(
            1, stage("lint", .succeeded, attempt: 1, started: 2, ended: 5),
            stage("matrix.1", .failed, attempt: 1, started: 2, ended: 3), stage("ask", .skipped, ended: 3)
        )
        .ended(11, Reason.stageFailed, .false)
        metrics.observed(
            run,
            happenings: [
                .runStarted, .stageEnded(stage: "lint", state: .succeeded, reason: "", message: nil),
                .stageEnded(stage: "matrix.1", state: .failed, reason: "", message: nil),
                .stageEnded(stage: "ask", state: .skipped, reason: "", message: nil),
                .runEnded(succeeded: false, reason: Reason.stageFailed, message: ""),
            ], isStored: true)
        metrics.observed(
            run, happenings: [.runEnded(succeeded: false, reason: "SomethingNew", message: "")], isStored: true)
        #expect(
            await samples("martlet_runs_total", "martlet_runs_started_total", "martlet_stages_total") == [
                "martlet_runs_started_total 1", #"martlet_runs_total{outcome="Other"} 1"#,
                #"martlet_runs_total{outcome="StageFailed"} 1"#,
                #"martlet_stages_total{kind="approval",outcome="Skipped"} 1"#,
                #"martlet_stages_total{kind="arm",outcome="Failed"} 1"#,
                #"martlet_stages_total{kind="lint",outcome="Succeeded"} 1"#,
            ])
        #expect(
            await samples("martlet_stage_duration_seconds_sum", "martlet_run_duration_seconds_sum") == [
                "martlet_run_duration_seconds_sum 20", #"martlet_stage_duration_seconds_sum{kind="arm"} 1"#,
                #"martlet_stage_duration_seconds_sum{kind="lint"} 3"#,
            ])
    }

    @Test
    func `a hand-off is counted once an attempt, as soon as it is seen`() async {
        let metrics = metrics()
        let first = running(1, ready: at(2), at: at(2, milliseconds: 4))
        metrics.observed(run().started(1, stage("lint", .assigned, attempt: 1)), happenings: [], isStored: true)
        for isStored in [false, true] {
            metrics.observed(run().started(1, first), happenings: [], isStored: isStored)
        }
        metrics.observed(
            run().started(1, running(2, ready: at(3), at: at(3, milliseconds: 8))), happenings: [], isStored: true)
        #expect(
            await samples("martlet_stage_handoff_seconds_count", "martlet_stage_handoff_seconds_sum") == [
                #"martlet_stage_handoff_seconds_sum{kind="lint"} 0.012"#,
                #"martlet_stage_handoff_seconds_count{kind="lint"} 2"#,
            ])
        #expect(
            await registry.render().contains(#"martlet_stage_handoff_seconds_bucket{kind="lint",le="0.005"} 1"#))
    }

    @Test
    func `what was handed over before this process looked, or before a rerun, isn't counted`() async {
        let metrics = metrics()
        let before = running(1, ready: at(2), at: at(3))
        metrics.followed(.listed(runs: [run().started(1, before)], pipelines: []))
        metrics.observed(run().started(1, before), happenings: [], isStored: true)
        let ended = run().started(1, before).ended(4, Reason.stageFailed, .false)
        metrics.observed(ended, happenings: [], isStored: true)
        metrics.observed(ended, happenings: [], isStored: true)
        let rerun = run().started(9, before, running(1, ready: at(9), at: at(10), "deploy"))
        metrics.observed(rerun, happenings: [], isStored: true)
        #expect(
            await samples("martlet_stage_handoff_seconds_count") == [
                #"martlet_stage_handoff_seconds_count{kind="shell"} 1"#
            ])
    }

    @Test
    func `what goes wrong is counted`() async {
        let metrics = metrics()
        metrics.observed(
            run().started(1),
            happenings: [
                .stageRetried(stage: "lint", failures: 1, at: at(9)),
                .stageDeclined(stage: "deploy", reason: "busy"),
                .stageLost(stage: "lint", losses: 1, reason: "gone"),
            ], isStored: true)
        metrics.warned(ControllerWarning("something"))
        metrics.droppedStale(
            StageReport(
                fence: Fence(run: "u1", stage: "lint", attempt: 1), instance: "i", digest: "d", event: .unclaimed))
        metrics.stepped(StepFigures(inputs: 3, waited: 1500, took: 250, retries: 2))
        #expect(
            await samples(
                "martlet_stage_retries_total", "martlet_stage_declines_total", "martlet_leases_lost_total",
                "martlet_stale_messages_total", "martlet_warnings_total", "martlet_workqueue_inputs_total",
                "martlet_workqueue_wait_seconds_sum",
                "martlet_workqueue_step_seconds_sum", "martlet_status_write_retries_total") == [
                    "martlet_leases_lost_total 1", #"martlet_stage_declines_total{kind="shell"} 1"#,
                    #"martlet_stage_retries_total{kind="lint"} 1"#, "martlet_stale_messages_total 1",
                    "martlet_status_write_retries_total 2",
                    "martlet_warnings_total 1", "martlet_workqueue_inputs_total 3",
                    "martlet_workqueue_step_seconds_sum 0.00025", "martlet_workqueue_wait_seconds_sum 0.0015",
                ])
    }

    @Test
    func `how things stand is asked when somebody looks, kinds beyond the bound as one`() async {
        var gauges = ControllerGauges()
        for number in 0..<(ControllerMetrics.kindLimit + 2) {
            var kind = ControllerGauges.Kind(kind: "k\(number)")
            kind.queued = 1
            kind.oldestWait = Int64(number) * 1_000_000
            gauges.kinds.append(kind)
        }
        gauges.activeRuns = 4
        _ = metrics(gauges)
        #expect(
            await samples("martlet_runs_active", "martlet_leading") == ["martlet_leading 1", "martlet_runs_active 4"])
        let queue = await samples("martlet_queue_stages")
        #expect(
            queue.count == ControllerMetrics.kindLimit + 1 && queue.last == #"martlet_queue_stages{kind="other"} 2"#)
        #expect(
            await samples("martlet_queue_oldest_wait_seconds").last
                == #"martlet_queue_oldest_wait_seconds{kind="other"} 65"#)
    }

    @Test
    func `a process that doesn't lead says only that`() async {
        _ = metrics()
        #expect(await samples("martlet_leading", "martlet_runs_active") == ["martlet_leading 0"])
    }

    @Test
    func `users' words become labels only where they are known ones`() async {
        let server = ServerMetrics(in: registry)
        server.answeredWebhook(event: "push", code: 202, seconds: 0.002)
        server.answered(method: "BREW", route: "/", code: 405, seconds: 0.001)
        server.notified(target: "slack", outcome: "told")
        #expect(
            await samples(
                "martlet_webhook_requests_total", "martlet_http_requests_total", "martlet_notifications_total") == [
                    #"martlet_http_requests_total{method="other",route="/",code="405"} 1"#,
                    #"martlet_notifications_total{target="slack",outcome="told"} 1"#,
                    #"martlet_webhook_requests_total{event="push",code="202"} 1"#,
                ])
    }
}
