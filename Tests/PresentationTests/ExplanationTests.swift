import Model
import Planning
import Presentation
import Testing

@Suite struct ExplanationTests {
    private let now = Sample.at(30)

    private func agent(_ name: String, kind: String = "build", free: Int, _ labels: StringMap = [:]) -> Candidate {
        Candidate(
            agent: name, instance: "\(name)-i", kinds: [kind], labels: labels, slots: 2, free: free)
    }

    private var fleet: [Candidate] {
        var passed = agent("build-4", free: 2, ["arch": "arm64"])
        passed.passedOverUntil = Sample.at(42)
        passed.passedOverCause = "declined its last stage: the disk is full"
        var drains = agent("build-3", free: 0, ["arch": "arm64"])
        drains.isDraining = true
        var silent = agent("build-5", free: 1, ["arch": "arm64"])
        silent.silentSince = Sample.at(-60)
        return [
            agent("build-1", free: 0, ["arch": "arm64"]), agent("build-2", free: 1), drains, passed, silent,
            agent("host-lint", kind: "lint", free: 1),
        ]
    }

    /// One of each: ended, running, queued, waiting for a person and for other stages.
    private var run: PipelineRun {
        var queued = Sample.stage("build", .queued, reason: Reason.agentsBusy, "5 agents offer `build`: 1 busy")
        queued.queuedTime = Sample.at(9)
        var retried = Sample.stage("test", .waiting, reason: Reason.backOff, "failed 2 of 3 times", attempt: 3)
        (retried.failures, retried.losses, retried.retryAt) = (2, 1, Sample.at(34.5))
        var release = Sample.stage("release", .waiting, reason: Reason.approvalPending, "Ship it?")
        release.queuedTime = Sample.at(5)
        var run = Sample.run(
            "greeter-x7k2a",
            [
                Sample.stage("lint", .succeeded, (0.2, 3.3), "no findings"), retried, queued,
                Sample.stage("announce", .pending), release, Sample.stage("tidy", .pending),
            ])
        var spec = Sample.pipeline
        spec.stages[2].needs = ["lint"]
        spec.stages[2].agentSelector = ["arch": "arm64"]
        spec.stages[4].needs = ["lint"]
        spec.source = nil
        run.status.pipelineSpec = spec
        return run
    }

    private func input(_ run: PipelineRun, _ change: (inout ExplanationInput) -> Void = { _ in }) throws
        -> ExplanationInput
    {
        var input = ExplanationInput(
            run: run, graph: try run.status.pipelineSpec.map { try StageGraph($0) }, agents: .known(fleet), now: now)
        change(&input)
        return input
    }

    private func text(_ input: ExplanationInput, only: [String]? = nil, width: Int? = 100, colour: Bool = false)
        -> String
    {
        ExplanationText(
            explanation(of: input), of: input.run, only: only, now: now, width: width,
            clock: { time in String("\(time)".dropFirst(11).prefix(8)) }
        ).rendered(colour: colour)
    }

    @Test func everythingThatHoldsARunBack() throws {
        try expectGolden("explain-waiting", text(input(run)))
        var short = run
        short.status.pipelineSpec?.timeoutSeconds = 60
        try expectGolden("explain-deadline", text(input(short), only: ["lint"]))
        try expectGolden("explain-narrow", text(input(run), width: 60))
        try expectGolden("explain-stage", text(input(run), only: ["build"], width: nil))
        try expectGolden("explain-colour", text(input(run), only: ["release"], colour: true).visible)
    }

    @Test func whatHoldsBackTheWholeRunIsSaidOnce() throws {
        var paused = run
        paused.spec.desiredState = .paused
        let input = try input(paused) {
            $0.isControlled = false
            $0.agents = .outOfReach("127.0.0.1:9092 refuses the connection")
        }
        try expectGolden("explain-paused", text(input))
        try expectGolden("explain-paused-stage", text(input, only: ["build"]))
    }

    @Test func whatEndedSaysWhy() throws {
        var failed = Sample.failed
        failed.status.observedRerun = 1
        try expectGolden("explain-failed", text(input(failed) { $0.agents = .unknown }))
        try expectGolden(
            "explain-unstarted",
            text(
                input(Sample.waiting) {
                    $0.obstacle = .pipelineNotFound("there is no pipeline `other`; the run waits for it")
                }))
    }

    @Test func theSameForPrograms() throws {
        var run = run
        run.status.pipelineSpec?.timeoutSeconds = 60
        let input = try input(run)
        try expectGolden(
            "explain-json", ExplanationJSON.text(explanation(of: input), of: run, agents: input.agents))
    }
}
