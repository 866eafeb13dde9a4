import Model
import Testing

@testable import Reporting

@Suite struct SlackDecisionTests {
    struct Case: CustomTestStringConvertible {
        var name: String
        var run: PipelineRun
        var told: NotificationRecord?
        var canUpdate: Bool
        var expected: SlackDecision
        var testDescription: String { name }

        init(
            _ name: String, _ run: PipelineRun, told: NotificationRecord? = nil, bot: Bool = true,
            _ expected: SlackDecision
        ) {
            self.name = name
            self.run = run
            self.told = told
            canUpdate = bot
            self.expected = expected
        }
    }

    private static let running = [StageStatus.sample("lint", .succeeded), .sample("test", .running)]
    private static let broken = [StageStatus.sample("lint", .failed), .sample("test", .pending)]
    private static func told(_ event: String, _ reference: String? = nil) -> NotificationRecord {
        .sample("slack", event, reference)
    }

    static let cases = [
        Case(
            "a start is told where successes are, and can be updated",
            .sample(slack: [.succeeded], stages: running), .post(isRecovery: false)),
        Case("a webhook tells no start", .sample(slack: [.succeeded], stages: running), bot: false, .nothing),
        Case(
            "a run that waits to start is not told",
            .sample(slack: [.succeeded], started: false), .nothing),
        Case(
            "where failures alone are wanted nothing is told while all goes well",
            .sample(slack: [.failed], stages: running), .nothing),
        Case(
            "the first stage that fails for good is told at once",
            .sample(slack: [.failed], stages: broken), .post(isRecovery: false)),
        Case(
            "a failed stage that the pipeline tolerates is not",
            .sample(slack: [.failed], stages: broken, tolerated: ["lint"]), .nothing),
        Case("a webhook waits for the end", .sample(slack: [.failed], stages: broken), bot: false, .nothing),
        Case(
            "a failed run is told", .sample(slack: [.failed], stages: broken, end: .false), bot: false,
            .post(isRecovery: false)),
        Case(
            "what has been told isn't told again", .sample(slack: [.failed], stages: broken, end: .false),
            told: told("Failed/0"), bot: false, .nothing),
        Case(
            "nor updated", .sample(slack: [.failed], stages: broken, end: .false),
            told: told("Failed/0", "C/1"), .nothing),
        Case(
            "a failure after a rerun is told again",
            .sample(slack: [.failed], stages: broken, end: .false, rerun: 1), told: told("Failed/0"), bot: false,
            .post(isRecovery: false)),
        Case(
            "a failed run isn't told where only recoveries are", .sample(slack: [.recovered], end: .false), .nothing),
        Case(
            "a success after a failed run is a recovery", .sample(slack: [.recovered], end: .true, former: .false),
            .post(isRecovery: true)),
        Case("a success after a success is none", .sample(slack: [.recovered], end: .true, former: .true), .nothing),
        Case("a first success is none", .sample(slack: [.recovered], end: .true), .nothing),
        Case(
            "a recovery is told where successes are", .sample(slack: [.succeeded], end: .true, former: .false),
            bot: false, .post(isRecovery: true)),
        Case(
            "a rerun that succeeds after the failure was told is a recovery",
            .sample(slack: [.failed, .recovered], end: .true, rerun: 1), told: told("Failed/0"), bot: false,
            .post(isRecovery: true)),
        Case("a cancelled run is no failure", .sample(slack: [.failed], end: .false, reason: "Cancelled"), .nothing),
        Case("nor is one that was superseded", .sample(slack: [.failed], end: .false, reason: "Superseded"), .nothing),
        Case(
            "but a message that is there says so",
            .sample(slack: [.failed], end: .false, reason: "Cancelled"), told: told("Failing/0", "C/1"),
            .update(isRecovery: false)),
        Case(
            "a run out of time has failed", .sample(slack: [.failed], end: .false, reason: "RunTimeout"),
            .post(isRecovery: false)),
        Case(
            "a message that is there follows a rerun", .sample(slack: [.failed], stages: running, rerun: 1),
            told: told("Failed/0", "C/1"), .update(isRecovery: false)),
        Case(
            "and its success, whatever is asked for", .sample(slack: [.failed], end: .true, rerun: 1),
            told: told("Running/1", "C/1"), .update(isRecovery: false)),
    ]

    @Test(arguments: cases) func decisions(_ example: Case) throws {
        let summary = RunSummary(example.run)
        let spec = try #require(summary.notifications.slack)
        let decision = SlackDecision.decide(summary, spec, told: example.told, canUpdate: example.canUpdate)
        #expect(decision == example.expected)
    }
}
