import Model
import Planning
import Presentation
import Testing

@Suite struct ProgressTests {
    private func frame(_ runs: [RunView], at seconds: Double = 12.34, width: Int = 80, height: Int = 40)
        -> ProgressFrame
    {
        ProgressFrame(runs, now: Sample.at(seconds), width: width, height: height)
    }

    @Test func aRunningRun() throws {
        let view = RunView(Sample.running, lastLines: ["test": "\u{1B}[32mtests/test_greeting.py\u{1B}[0m ..F\u{7}"])
        try expectGolden("frame-running", frame([view]).lines.rendered(colour: false))
        try expectGolden("frame-colour", frame([view]).lines.rendered(colour: true).visible)
        try expectGolden("frame-narrow", frame([view], width: 32).lines.rendered(colour: false))
    }

    @Test func severalRuns() throws {
        var paused = Sample.running
        paused.metadata.name = "greeter-p"
        paused.spec.desiredState = .paused
        var asking = Sample.succeeded
        asking.metadata.name = "greeter-asking"
        asking.status.completionTime = nil
        asking.status.conditions.set(Condition.succeeded, .unknown, reason: Reason.active, at: Sample.start)
        asking.status.stages[4] = Sample.stage(
            "release", .waiting, reason: Reason.approvalPending, "Ship it? (martlet approve greeter-asking release)")
        asking.status.stages[5] = Sample.stage("tidy", .pending)
        let runs = [Sample.failed, paused, asking, Sample.waiting].map { RunView($0) }
        try expectGolden("frame-several", frame(runs, at: 7_702).lines.rendered(colour: false))
    }

    @Test(arguments: [40, 16, 12, 8, 6, 3, 2, 1])
    func aTallMatrixIsFolded(height: Int) throws {
        let view = RunView(Sample.matrix, lastLines: ["test.6": "collecting…"])
        let frame = frame([view], height: height)
        #expect(frame.lines.count <= max(1, height - 1))
        try expectGolden("frame-matrix-\(height)", frame.lines.rendered(colour: false))
    }

    @Test func manyRunsLeaveThoseThatGoOn() throws {
        let ended = (0..<6).map { number in
            var run = Sample.failed
            run.metadata.name = "ended-\(number)"
            return RunView(run)
        }
        let running = (0..<4).map { number in
            var run = Sample.running
            run.metadata.name = "running-\(number)"
            return RunView(run)
        }
        let folded = frame(ended + running, height: 6)
        #expect(folded.lines.count == 5)
        try expectGolden("frame-many", folded.lines.rendered(colour: false))
    }

    @Test func noLineIsWiderThanTheTerminal() {
        for width in 1...60 {
            let frame = frame([RunView(Sample.matrix), RunView(Sample.failed)], width: width)
            #expect(frame.lines.allSatisfy { $0.columns <= width }, "\(width)")
        }
    }

    @Test func aTitleComesFromTheFrozenPipeline() {
        #expect(RunView(Sample.matrix).stages[5].title == "test[os=macos, python=3.11]")
        var unknown = Sample.matrix
        unknown.status.pipelineSpec = nil
        #expect(RunView(unknown).stages[5].title == "test.5")
        #expect(RunView(unknown).stages[5].name == "test")
    }

    @Test func plainLinesTellWhatChanged() throws {
        var lines: [Line] = []
        var old: PipelineRunStatus?
        func see(_ run: PipelineRun, at seconds: Double) {
            lines += PlainProgress.lines(from: old, to: RunView(run), now: Sample.at(seconds))
            old = run.status
        }
        var first = Sample.running
        first.status.stages = first.status.stages.map { StageStatus(id: $0.id) }
        first.status.stages[0] = Sample.stage(
            "lint", .queued, reason: Reason.noAgent, "no agent offers `lint`")
        see(first, at: 0)
        see(first, at: 0.1)
        var second = Sample.running
        second.status.stages[1] = Sample.stage("test", .running, (3.3, nil))
        see(second, at: 3.4)
        var third = second
        third.status.stages[1] = Sample.stage(
            "test", .waiting, (3.3, 5.2), reason: Reason.backOff, "failed (exit status 1); tried again in 1 s",
            attempt: 1)
        see(third, at: 5.2)
        see(Sample.running, at: 6)
        var last = Sample.failed
        last.metadata.name = "greeter-x7k2a"
        see(last, at: 9)
        see(last, at: 10)
        var again = Sample.running
        again.status.stages[1] = Sample.stage("test", .pending, attempt: 3)
        see(again, at: 11)
        try expectGolden("plain-progress", lines.rendered(colour: false))
    }

    @Test func plainLinesOfARunThatNeverStarts() {
        let lines = PlainProgress.lines(from: nil, to: RunView(Sample.waiting), now: Sample.at(1))
        #expect(
            lines.map(\.text) == ["other-aaaaa            Waiting (PipelineNotFound): there is no Pipeline `other`"])
    }

    @Test func closingTables() throws {
        let all = [Sample.succeeded, Sample.failed, Sample.waiting].map { RunView($0) }
        let report = ClosingReport(all, now: Sample.at(9_000))
        #expect(!report.succeeded)
        try expectGolden("closing", report.lines(width: nil).rendered(colour: false))
        try expectGolden("closing-narrow", report.lines(width: 64).rendered(colour: false))
        try expectGolden(
            "closing-colour",
            ClosingReport([RunView(Sample.failed)], now: Sample.at(9)).lines(width: 100).rendered(colour: true).visible)
        let good = ClosingReport([RunView(Sample.succeeded), RunView(Sample.succeeded)], now: Sample.at(9))
        #expect(good.succeeded)
        #expect(good.lines(width: 80).last?.text == "All 2 runs succeeded")
    }
}
