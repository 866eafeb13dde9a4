import Document
import Model
import Testing

@testable import Reporting

@Suite struct SlackMessageTests {
    private let links = RunLinks(external: "https://ci.example.com")
    private let host = GitHubHost(webURL: "https://github.com")

    private func message(_ run: PipelineRun, lines: [String] = [], recovers: Bool = false) -> SlackMessage {
        SlackMessage(RunSummary(run), lines: lines, links: links, host: host, isRecovery: recovers)
    }

    @Test func `a failed run is told with its failing stage and the last output`() throws {
        let stages = [
            StageStatus.sample("lint", .succeeded),
            .sample("test", .failed, reason: Reason.failure, message: "2 of 40 tests failed"),
        ]
        let message = message(
            .sample(slack: [.failed], stages: stages, end: .false), lines: ["FAIL a<b", "```", "exit 1"])
        var json = JSONWriter()
        json.beginObject()
        message.write(to: &json)
        json.endObject()
        let expected = #"""
            {
              "text": "app on main failed: test failed",
              "blocks": [
                {
                  "type": "header",
                  "text": {
                    "type": "plain_text",
                    "text": ":x: app failed",
                    "emoji": true
                  }
                },
                {
                  "type": "section",
                  "text": {
                    "type": "mrkdwn",
                    "text": "`main` at <https://github.com/acme/app/commit/1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d|`1a2b3c4`>\nMake it &lt;fast&gt; &amp; small\nby ada",
                    "verbatim": true
                  }
                },
                {
                  "type": "section",
                  "text": {
                    "type": "mrkdwn",
                    "text": "`test` failed: 2 of 40 tests failed\n```\nFAIL a&lt;b\n'''\nexit 1\n```",
                    "verbatim": true
                  }
                },
                {
                  "type": "context",
                  "elements": [
                    {
                      "type": "mrkdwn",
                      "text": "2/2 stages · 2 min 5 s · <https://ci.example.com/runs/-/app-u1|run app-u1>",
                      "verbatim": true
                    }
                  ]
                }
              ]
            }
            """#
        #expect(try parseJSON(json.bytes).prettyJSON() == expected)
    }

    struct Headline: CustomTestStringConvertible {
        var run: PipelineRun
        var recovers = false
        var expected: String
        var testDescription: String { expected }
    }

    @Test(arguments: [
        Headline(run: .sample(started: false), expected: ":hourglass_flowing_sand: app waits"),
        Headline(
            run: .sample(stages: [.sample("lint", .running)]), expected: ":hourglass_flowing_sand: app is running"),
        Headline(
            run: .sample(stages: [.sample("lint", .failed), .sample("test", .running)]), expected: ":x: app is failing"),
        Headline(run: .sample(end: .true), expected: ":white_check_mark: app succeeded"),
        Headline(run: .sample(end: .true), recovers: true, expected: ":white_check_mark: app recovered"),
        Headline(
            run: .sample(end: .true, reason: "CompletedWithFailures"),
            expected: ":warning: app succeeded with failures that it tolerates"),
        Headline(run: .sample(end: .false), expected: ":x: app failed"),
        Headline(run: .sample(end: .false, reason: "RunTimeout"), expected: ":x: app ran out of time"),
        Headline(run: .sample(end: .false, reason: "Cancelled"), expected: ":heavy_minus_sign: app was cancelled"),
        Headline(run: .sample(end: .false, reason: "Superseded"), expected: ":heavy_minus_sign: app was superseded"),
    ])
    func headline(_ example: Headline) {
        #expect(message(example.run, recovers: example.recovers).header == example.expected)
    }

    @Test func `an end without a failed stage says why`() {
        let run = PipelineRun.sample(end: .false, reason: "RunTimeout", message: "took longer than 1 < 2")
        #expect(message(run).sections.last == "took longer than 1 &lt; 2")
    }

    @Test func `the stage that failed first is named, not those that failed after it`() {
        let stages = [
            StageStatus.sample("lint", .failed, reason: "RunHalted"), .sample("test", .failed, reason: "Timeout"),
        ]
        #expect(message(.sample(stages: stages)).sections.last == "`test` failed: took longer than its timeoutSeconds")
    }

    @Test func `a run without a source, links and titles still has a message`() {
        var run = PipelineRun.sample(revision: nil, started: false)
        run.metadata.annotations = [:]
        run.metadata.namespace = "team"
        let message = SlackMessage(
            RunSummary(run), lines: [], links: RunLinks(), host: host, isRecovery: false)
        #expect(message.sections == ["app-u1"])
        #expect(message.context == "0/1 stages · run app-u1 · namespace team")
    }

    @Test func `whatever comes in keeps within Slack's limits and mentions nobody`() {
        let nasty = "<!channel> `x` & \u{202E}" + String(repeating: "<&>", count: 2000)
        var run = PipelineRun.sample(stages: [.sample("test", .failed, message: nasty)], end: .false)
        run.metadata.annotations[RunLabels.title] = nasty
        run.metadata.annotations[RunLabels.sender] = nasty
        run.spec.pipelineRef = PipelineReference(name: nasty)
        run.status.source?.ref = "refs/heads/" + nasty
        let message = message(run, lines: Array(repeating: nasty, count: 100))
        #expect(message.header.unicodeScalars.count <= 150)
        #expect(message.sections.count == 2)
        for section in message.sections {
            #expect(section.unicodeScalars.count <= SlackMessage.sectionLimit)
            #expect(!section.contains("<!"))
            #expect(!section.contains("\u{202E}"))
        }
        #expect(message.text.unicodeScalars.count <= 4000)
        #expect(!message.text.contains("<"))
    }
}
