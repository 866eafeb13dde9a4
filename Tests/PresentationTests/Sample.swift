import Model
import Planning
import Presentation

/// A pipeline and its runs at several moments.
enum Sample {
    static let start = Timestamp(seconds: 1_790_000_000)

    static func at(_ seconds: Double) -> Timestamp { start.adding(microseconds: Int64(seconds * 1_000_000)) }

    static var pipeline: PipelineSpec {
        var spec = PipelineSpec()
        spec.source = PipelineSource()
        spec.source?.url = "https://example.com/greeter.git"
        spec.params = [ParamSpec(name: "registry", default: "127.0.0.1:5000"), ParamSpec(name: "channel")]
        spec.params[1].description = "Where it goes"
        var test = StageSpec(name: "test", needs: ["lint"])
        test.retry = Retry()
        test.retry?.limit = 2
        var announce = StageSpec(name: "announce", needs: ["build"], run: "echo \"$IMAGE is ready\"\necho done")
        announce.onFailure = .continue
        var release = StageSpec(name: "release", needs: ["announce"])
        release.approval = Approval()
        release.approval?.message = "Ship it?"
        spec.stages = [StageSpec(name: "lint"), test, StageSpec(name: "build", needs: ["test"]), announce, release]
        spec.finally = [StageSpec(name: "tidy", run: "rm -rf out")]
        var push = Trigger()
        push.push = RefFilter()
        push.push?.branches = ["main", "release/*"]
        var nightly = Trigger()
        nightly.schedule = Schedule()
        nightly.schedule?.cron = "0 3 * * *"
        spec.triggers = [push, nightly]
        spec.concurrency = Concurrency()
        spec.concurrency?.group = "greeter"
        return spec
    }

    static func run(_ name: String = "greeter-x7k2a", _ stages: [StageStatus] = []) -> PipelineRun {
        var run = PipelineRun(
            metadata: Metadata(name: name, uid: "u-\(name)", creationTimestamp: at(-1)), spec: PipelineRunSpec())
        run.spec.pipelineRef = PipelineReference(name: "greeter")
        run.status.startTime = start
        run.status.stages = stages
        run.status.pipelineSpec = pipeline
        let ended = stages.count { $0.state.isFinal }
        run.status.progress = "\(ended)/\(stages.count)"
        run.status.conditions.set(Condition.accepted, .true, reason: Reason.accepted, at: start)
        run.status.conditions.set(
            Condition.succeeded, .unknown, reason: Reason.active, message: "1 running, 4 pending", at: start)
        return run
    }

    static func stage(
        _ id: String, _ state: StageStatus.State, _ times: (Double, Double?)? = nil, reason: String? = nil,
        _ message: String? = nil, attempt: Int? = nil, results: [Param] = []
    ) -> StageStatus {
        var stage = StageStatus(id: id, state: state)
        stage.reason = reason
        stage.message = message
        stage.startTime = times.map { at($0.0) }
        stage.completionTime = times?.1.map { at($0) }
        stage.attempt = attempt ?? (times == nil ? 0 : 1)
        if stage.attempt > 0 { stage.agent = "host-\(id)" }
        stage.results = results
        return stage
    }

    static var running: PipelineRun {
        run(
            "greeter-x7k2a",
            [
                stage("lint", .succeeded, (0.2, 3.3), "no findings", results: [Param(name: "files", value: "10")]),
                stage("test", .running, (5.4, nil), attempt: 2), stage("build", .pending), stage("announce", .pending),
                stage("release", .pending), stage("tidy", .pending),
            ])
    }

    /// Made by a push, and told of.
    static var pushed: PipelineRun {
        var run = failed
        run.metadata.name = "greeter-5d1c9a2b7e"
        run.metadata.labels[RunLabels.trigger] = "push"
        run.metadata.annotations[RunLabels.sender] = "ada"
        run.metadata.annotations[RunLabels.title] = "Greet in two languages"
        run.status.source = ResolvedSource(
            url: "https://example.com/greeter.git", revision: String(repeating: "5d", count: 20),
            ref: "refs/heads/release/2")
        run.status.notifications = [
            NotificationRecord(
                target: "slack", event: "Failed/0", reference: "C024BE7LR/1790000012.000100", time: at(12)),
            NotificationRecord(target: "github", event: "0/Failed", time: at(13)),
        ]
        return run
    }

    /// Made for a pull request of somebody else's repository: it waits for a person.
    static var fork: PipelineRun {
        var run = PipelineRun(
            metadata: Metadata(name: "greeter-77aa01", uid: "u-fork", creationTimestamp: at(0)), spec: PipelineRunSpec()
        )
        run.metadata.labels[RunLabels.trigger] = "pull_request"
        run.metadata.annotations[RunLabels.sender] = "mallory"
        run.spec.pipelineRef = PipelineReference(name: "greeter")
        run.spec.desiredState = .paused
        run.spec.source = RunSource()
        run.spec.source?.url = "https://example.com/greeter.git"
        run.spec.source?.revision = String(repeating: "ab", count: 20)
        run.spec.source?.pullRequest = 7
        run.spec.source?.trust = .fork
        return run
    }

    static var failed: PipelineRun {
        var run = run(
            "greeter-q9z4m",
            [
                stage("lint", .succeeded, (0.2, 3.3), results: [Param(name: "files", value: "10")]),
                stage(
                    "test", .failed, (5.4, 8.5), reason: Reason.failure,
                    "2 of 14 tests failed: test_greets_by_name, test_greets_everybody_who_is_in_the_room", attempt: 3),
                stage("build", .skipped, reason: Reason.halted, "`test` failed"),
                stage("announce", .skipped, reason: Reason.halted, "`test` failed"),
                stage("release", .skipped, reason: Reason.halted, "`test` failed"),
                stage("tidy", .succeeded, (8.5, 8.585)),
            ])
        run.status.completionTime = at(8.6)
        run.status.source = ResolvedSource(
            url: "https://example.com/greeter.git", revision: "1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d",
            ref: "refs/heads/main")
        run.spec.params = [Param(name: "channel", value: "beta"), Param(name: "registry", value: "localhost:5000")]
        run.spec.rerunCount = 1
        run.spec.approvals = [ApprovalDecision(stage: "release", decision: .approved)]
        run.status.conditions.set(
            Condition.succeeded, .false, reason: Reason.stageFailed,
            message:
                "`test` failed: 2 of 14 tests failed: test_greets_by_name, test_greets_everybody_who_is_in_the_room",
            at: at(8.6))
        return run
    }

    static var succeeded: PipelineRun {
        var run = run(
            "greeter-b5n8c",
            [
                stage("lint", .succeeded, (0, 3.1), "no findings"), stage("test", .succeeded, (3.1, 66.4), "14 passed"),
                stage(
                    "build", .succeeded, (66.4, 7_700),
                    results: [
                        Param(name: "image", value: "127.0.0.1:5000/greeter@sha256:0123456789abcdef"),
                        Param(name: "size", value: "12 MB"),
                    ]), stage("announce", .succeeded, (7_700, 7_700.012)),
                stage("release", .succeeded, reason: Reason.approved, "approved"),
                stage("tidy", .succeeded, (7_700.012, 7_701)),
            ])
        run.status.completionTime = at(7_701)
        run.status.conditions.set(
            Condition.succeeded, .true, reason: Reason.succeeded, message: "6 stages succeeded", at: at(7_701))
        return run
    }

    static var waiting: PipelineRun {
        var run = run("other-aaaaa")
        run.status.startTime = nil
        run.status.pipelineSpec = nil
        run.status.progress = nil
        run.spec.pipelineRef = PipelineReference(name: "other")
        run.status.conditions.set(
            Condition.succeeded, .unknown, reason: Reason.pipelineNotFound, message: "there is no Pipeline `other`",
            at: start)
        return run
    }

    /// A stage with twelve combinations, some of which have ended.
    static var matrix: PipelineRun {
        var spec = PipelineSpec()
        var test = StageSpec(name: "test", run: "make test")
        test.matrix = Matrix()
        test.matrix?.axes = [
            MatrixAxis(name: "os", values: ["linux", "macos", "windows"]),
            MatrixAxis(name: "python", values: ["3.10", "3.11", "3.12", "3.13"]),
        ]
        spec.stages = [test, StageSpec(name: "ship", needs: ["test"], run: "make ship")]
        let states: [StageStatus] = (0..<12).map { number in
            switch number {
            case ..<5: stage("test.\(number)", .succeeded, (0, 1.5 + Double(number)))
            case 5: stage("test.5", .failed, (0, 4), reason: Reason.failure, "exit status 2: no rule to make target")
            case 6, 7: stage("test.\(number)", .running, (2, nil))
            default: stage("test.\(number)", .queued, reason: Reason.agentsBusy, "1 agent offers `shell`: 1 busy")
            }
        }
        var run = run("matrix-c3d4e", states + [stage("ship", .pending)])
        run.spec.pipelineRef = PipelineReference(name: "matrix")
        run.status.pipelineSpec = spec
        return run
    }
}
