import Model
import Planning
import Telemetry
import Testing

@Suite
struct RunStoryTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let sentence: String
        let statuses: [PipelineRun]
        /// What each status brings.
        let said: [[String]]

        init(_ sentence: String, _ statuses: [PipelineRun], _ said: [[String]]) {
            self.sentence = sentence
            self.statuses = statuses
            self.said = said
        }

        var testDescription: String { sentence }
    }

    private static let running = stage("lint", .running, attempt: 1, started: 2)

    static let cases = [
        Case("a run that is there is queued", [run()], [["queued"]]),
        Case(
            "a run goes from its beginning to its end, and nothing is said twice",
            [
                run(), run().started(1, stage("lint", .assigned, attempt: 1)), run().started(1, running),
                run().started(1, running),
                run().started(1, stage("lint", .succeeded, attempt: 1, started: 2, ended: 3))
                    .ended(3, Reason.succeeded, .true),
            ],
            [
                ["queued"], ["started"], ["lint/1 started"], [], ["lint/1 finished success", "finished success"],
            ]),
        Case(
            "what is seen at once comes in the order of its times",
            [
                run().started(
                    1, stage("deploy", .succeeded, attempt: 1, started: 4, ended: 5),
                    stage("lint", .succeeded, attempt: 1, started: 2, ended: 4),
                    stage("ask", .succeeded, ended: 3, Reason.approved)
                ).ended(5, Reason.succeeded, .true)
            ],
            [
                [
                    "queued", "started", "lint/1 started", "ask/0 finished success", "lint/1 finished success",
                    "deploy/1 started", "deploy/1 finished success", "finished success",
                ]
            ]),
        Case(
            "a stage that takes no time begins before it ends",
            [run().started(1, stage("lint", .succeeded, attempt: 1, started: 1, ended: 1))],
            [["queued", "started", "lint/1 started", "lint/1 finished success"]]),
        Case(
            "a failure is one, and so is the run's",
            [
                run().started(
                    1, stage("lint", .failed, attempt: 1, started: 1, ended: 2, "Lint", message: "3 findings"),
                    stage("deploy", .skipped, ended: 2, Reason.needFailed)
                ).ended(2, Reason.stageFailed, .false, "`lint` failed")
            ],
            [
                [
                    "queued", "started", "lint/1 started", "lint/1 finished failure: 3 findings",
                    "finished failure: `lint` failed",
                ]
            ]),
        Case(
            "a timeout, a lost agent, a reference without value and a cancel are errors",
            [
                run().started(
                    1, stage("lint", .failed, attempt: 1, started: 1, ended: 2, Reason.timeout),
                    stage("deploy", .failed, attempt: 3, started: 1, ended: 3, Reason.agentLost),
                    stage("matrix", .failed, ended: 4, Reason.unresolvedReference),
                    stage("ask", .cancelled, ended: 5, Reason.cancelled),
                    stage("test", .cancelled, attempt: 1, started: 4, ended: 6, Reason.cancelled)
                ).ended(7, Reason.cancelled, .false)
            ],
            [
                [
                    "queued", "started", "lint/1 started", "deploy/3 started", "lint/1 finished error: Timeout",
                    "deploy/3 finished error: AgentLost", "matrix/0 finished error: UnresolvedReference",
                    "test/1 started", "test/1 finished error: Cancelled", "finished error: Cancelled",
                ]
            ]),
        Case(
            "an invalid run ends without having started",
            [run().ended(1, Reason.invalidSpec, .false, "no stages")], [["queued", "finished error: no stages"]]),
        Case(
            "each attempt begins and ends",
            [
                run().started(1, running),
                run().started(
                    1,
                    stage("lint", .waiting, attempt: 1, started: 2, Reason.backOff, message: "tries again", failures: 1)
                ),
                run().started(1, stage("lint", .queued, attempt: 1, started: 2, Reason.queued, failures: 1)),
                run().started(1, stage("lint", .assigned, attempt: 2, failures: 1)),
                run().started(1, stage("lint", .running, attempt: 2, started: 8, failures: 1)),
            ],
            [
                ["queued", "started", "lint/1 started"], ["lint/1 finished failure: tries again"], [], [],
                ["lint/2 started"],
            ]),
        Case(
            "an attempt that failed and was followed by another in one write has failed",
            [
                run().started(1, running),
                run().started(1, stage("lint", .assigned, attempt: 2, failures: 1)),
            ],
            [
                ["queued", "started", "lint/1 started"],
                ["lint/1 finished failure: another attempt takes its place"],
            ]),
        Case(
            "an attempt that was lost with its agent ends in an error",
            [
                run().started(1, running),
                run().started(1, stage("lint", .queued, attempt: 1, message: "agent a was lost", losses: 1)),
                run().started(1, stage("lint", .running, attempt: 2, started: 9, losses: 1)),
            ],
            [
                ["queued", "started", "lint/1 started"], ["lint/1 finished error: agent a was lost"],
                ["lint/2 started"],
            ]),
        Case(
            "a rerun begins and ends anew, and what it keeps isn't said again",
            [
                run().started(
                    1, stage("lint", .succeeded, attempt: 1, started: 1, ended: 2),
                    stage("deploy", .failed, attempt: 1, started: 2, ended: 3, Reason.failure)
                ).ended(3, Reason.stageFailed, .false, "no"),
                run().started(
                    10, stage("lint", .succeeded, attempt: 1, started: 1, ended: 2),
                    stage("deploy", .queued, attempt: 1)),
                run().started(
                    10, stage("lint", .succeeded, attempt: 1, started: 1, ended: 2),
                    stage("deploy", .succeeded, attempt: 2, started: 11, ended: 12)
                ).ended(12, Reason.succeeded, .true),
            ],
            [
                [
                    "queued", "started", "lint/1 started", "lint/1 finished success", "deploy/1 started",
                    "deploy/1 finished failure: Failure", "finished failure: no",
                ],
                ["started"], ["deploy/2 started", "deploy/2 finished success", "finished success"],
            ]),
        Case(
            "a stage that fails in a rerun before it began isn't the attempt before",
            [
                run().started(1, stage("lint", .succeeded, attempt: 1, started: 2, ended: 3))
                    .ended(3, Reason.succeeded, .true),
                run().started(10, stage("lint", .failed, attempt: 1, ended: 12, Reason.unresolvedReference))
                    .ended(12, Reason.stageFailed, .false),
            ],
            [
                ["queued", "started", "lint/1 started", "lint/1 finished success", "finished success"],
                ["started", "lint/0 finished error: UnresolvedReference", "finished failure: StageFailed"],
            ]),
    ]

    @Test(arguments: cases)
    func story(_ example: Case) {
        var story = RunStory()
        let said = example.statuses.map { status in story.tell(status).map(Self.words) }
        #expect(said == example.said)
    }

    @Test(arguments: cases)
    func `nothing but the latest status is needed to say where a run stands`(_ example: Case) throws {
        let last = try #require(example.statuses.last)
        var whole = RunStory()
        let said = example.statuses.flatMap { whole.tell($0).map(\.key) }
        // What a process says that has seen nothing of before has been said, under the same keys.
        var fresh = RunStory()
        #expect(Set(fresh.tell(last).map(\.key)).subtracting(said).isEmpty)
    }

    @Test
    func `what is left of a story that has ended is when it did`() {
        var story = RunStory(past: at(3))
        let rerun = run().started(
            10, stage("lint", .succeeded, attempt: 1, started: 1, ended: 3),
            stage("deploy", .running, attempt: 2, started: 11))
        #expect(story.tell(rerun).map(Self.words) == ["started", "deploy/2 started"])
    }

    static func words(_ occurrence: Occurrence) -> String {
        switch occurrence.what {
        case .runQueued: "queued"
        case .runStarted: "started"
        case .runFinished(let outcome, _, let errors): "finished \(outcome)" + (errors.map { ": \($0)" } ?? "")
        case .stageStarted(let fence): "\(fence.stage)/\(fence.attempt) started"
        case .stageFinished(let fence, let outcome, _, let errors):
            "\(fence.stage)/\(fence.attempt) finished \(outcome)" + (errors.map { ": \($0)" } ?? "")
        }
    }
}
