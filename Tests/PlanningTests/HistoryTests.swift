import Model
import Planning
import Testing

/// A history in short: `s5` is a run that succeeded 5 s after the beginning, `f5` one that failed; `!` marks one that is
/// still wanted, `~9` one that is kept for 9 s.
private func history(_ text: String) -> [EndedRun] {
    text.split(separator: " ").map { word in
        let digits = word.dropFirst().prefix { $0.isNumber }
        let ttl = word.split(separator: "~").dropFirst().first.map { Int($0.prefix { $0.isNumber }) ?? 0 }
        return EndedRun(
            uid: String(word.prefix { $0 != "~" && $0 != "!" }),
            completionTime: Timestamp(seconds: Int64(digits) ?? 0), succeeded: word.hasPrefix("s"),
            ttlSeconds: ttl, isWanted: word.hasSuffix("!"))
    }
}

struct HistoryCase: CustomTestStringConvertible, Sendable {
    var testDescription: String
    var runs: String
    var limits = HistoryLimits()
    var now: Int64 = 100
    var delete: String
    var lookAgain: Int64?

    init(
        _ description: String, _ runs: String, successful: Int? = nil, failed: Int? = nil, now: Int64 = 100,
        delete: String, lookAgain: Int64? = nil
    ) {
        testDescription = description
        self.runs = runs
        limits = HistoryLimits(successful: successful, failed: failed)
        self.now = now
        self.delete = delete
        self.lookAgain = lookAgain
    }
}

@Suite struct HistoryTests {
    @Test(arguments: [
        HistoryCase("without limits everything is kept", "s1 s2 f3 f4", delete: ""),
        HistoryCase("the newest successful ones are kept", "s1 s2 s3 s4", successful: 2, delete: "s1 s2"),
        HistoryCase("others have a limit of their own", "s1 f2 s3 f4 f5", successful: 1, failed: 2, delete: "s1 f2"),
        HistoryCase("a limit for failures says nothing about successes", "s1 s2 f3 f4", failed: 1, delete: "f3"),
        HistoryCase("none is kept where the limit is none", "s1 f2", successful: 0, failed: 0, delete: "s1 f2"),
        HistoryCase("of two that ended together the greater UID is newer", "sb sa sc", successful: 1, delete: "sa sb"),
        HistoryCase("fewer than the limit", "s1 s2", successful: 3, failed: 1, delete: ""),
        HistoryCase("one that is wanted stays, and counts", "s1! s2 s3 s4", successful: 2, delete: "s2"),
        HistoryCase("one that is wanted among the newest", "s1 s2 s3!", successful: 1, delete: "s1 s2"),
        HistoryCase("time is over", "s1~50 f2~50", now: 52, delete: "s1 f2"),
        HistoryCase("time is over at that very moment", "s1~50", now: 51, delete: "s1"),
        HistoryCase(
            "the next to expire says when to look again", "s5~50 s1~50 s9~50", now: 50, delete: "", lookAgain: 51),
        HistoryCase("no time at all", "s50~0", now: 50, delete: "s50"),
        HistoryCase("one whose time is over and that is wanted", "s1~5!", delete: ""),
        HistoryCase(
            "both: what the limit takes need not be looked at again", "s1~500 s2~500 s3~500", successful: 1,
            delete: "s1 s2", lookAgain: 503),
        HistoryCase("a clock that was set back", "s500~10", now: 100, delete: "", lookAgain: 510),
    ])
    func cuts(_ example: HistoryCase) {
        let runs = history(example.runs)
        var expected = HistoryCut()
        expected.delete = example.delete.split(separator: " ").map(String.init)
        expected.lookAgain = example.lookAgain.map { Timestamp(seconds: $0) }
        let now = Timestamp(seconds: example.now)
        #expect(cutHistory(runs, limits: example.limits, now: now) == expected)
        #expect(cutHistory(runs.reversed(), limits: example.limits, now: now) == expected)
    }

    /// What may be said of a run, and whether it belongs to its pipeline's history.
    struct EndCase: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var isEnded: Bool
        var edit: @Sendable (inout PipelineRun) -> Void

        init(_ description: String, _ isEnded: Bool, _ edit: @escaping @Sendable (inout PipelineRun) -> Void) {
            testDescription = description
            self.isEnded = isEnded
            self.edit = edit
        }
    }

    private static func endedRun() -> PipelineRun {
        var run = PipelineRun(metadata: Metadata(name: "r", uid: "u"), spec: PipelineRunSpec())
        run.spec.pipelineRef = PipelineReference(name: "ci")
        run.status.completionTime = Timestamp(seconds: 10)
        run.status.conditions.set(Condition.succeeded, .true, reason: Reason.succeeded, at: Timestamp(seconds: 10))
        return run
    }

    @Test(arguments: [
        EndCase("an ended run", true) { _ in },
        EndCase("an active run", false) { $0.status.completionTime = nil },
        EndCase("a rerun that nobody has begun yet", false) { $0.spec.rerunCount = 1 },
        EndCase("a rerun that has ended", true) {
            $0.spec.rerunCount = 1
            $0.status.observedRerun = 1
        },
        EndCase("a rerun that was cancelled before it began", true) {
            $0.spec.rerunCount = 1
            $0.spec.desiredState = .cancelled
        },
        EndCase("one that somebody deletes already", false) { $0.metadata.deletionTimestamp = Timestamp(seconds: 20) },
    ])
    func ends(_ example: EndCase) {
        var run = Self.endedRun()
        example.edit(&run)
        #expect((EndedRun(run, pipeline: nil) != nil) == example.isEnded)
    }

    @Test func itsPipelineSaysHowLongARunIsKeptAndTheFrozenOneWhereThatIsGone() {
        var run = Self.endedRun()
        var pipeline = Pipeline(metadata: Metadata(name: "ci"), spec: PipelineSpec())
        pipeline.spec.ttlSecondsAfterFinished = 60
        #expect(EndedRun(run, pipeline: pipeline)?.ttlSeconds == 60)
        #expect(EndedRun(run, pipeline: nil)?.ttlSeconds == nil)
        run.status.pipelineSpec = PipelineSpec()
        run.status.pipelineSpec?.ttlSecondsAfterFinished = 30
        #expect(EndedRun(run, pipeline: pipeline)?.ttlSeconds == 60)
        #expect(EndedRun(run, pipeline: nil)?.ttlSeconds == 30)
        pipeline.spec.ttlSecondsAfterFinished = nil
        #expect(EndedRun(run, pipeline: pipeline)?.ttlSeconds == nil)
        run.spec.pipelineRef = nil
        run.spec.pipelineSpec = PipelineSpec()
        run.spec.pipelineSpec?.ttlSecondsAfterFinished = 5
        #expect(EndedRun(run, pipeline: nil)?.ttlSeconds == 5)
    }

    @Test func whateverDidNotSucceedCountsAsFailed() {
        var run = Self.endedRun()
        #expect(EndedRun(run, pipeline: nil)?.succeeded == true)
        run.status.conditions.set(Condition.succeeded, .false, reason: Reason.cancelled, at: Timestamp(seconds: 10))
        #expect(EndedRun(run, pipeline: nil)?.succeeded == false)
    }
}
