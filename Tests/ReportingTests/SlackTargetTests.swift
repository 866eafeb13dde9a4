import Document
import HTTPClient
import HTTPTestSupport
import Model
import ReportingSupport
import Testing

@testable import Reporting

/// Slack's side of the conversation, on a server that stands in for it.
@Suite struct SlackTargetTests {
    struct Tail: OutputTail {
        func lastLines(run uid: String, stage: String, attempt: Int, count: Int) async -> [String] {
            ["last words of \(uid)/\(stage)/\(attempt)"]
        }
    }

    private static let posted = StandIn.Answer(body: #"{"ok":true,"channel":"C9","ts":"1700000000.000100"}"#)
    private static func failed(_ error: String) -> StandIn.Answer { .init(body: #"{"ok":false,"error":"\#(error)"}"#) }

    private let running = PipelineRun.sample(slack: [.succeeded], stages: [.sample("lint", .running)])
    private let broken = PipelineRun.sample(slack: [.succeeded], stages: [.sample("lint", .failed)])
    private let end = PipelineRun.sample(slack: [.succeeded], stages: [.sample("lint", .failed)], end: .false)

    private func working(
        _ slack: StandIn, webhook: Bool = false, channel: String? = "#ci", timeoutSeconds: Double = 30,
        _ body: (Desk) async throws -> Void
    ) async throws {
        try await withHTTP { http in
            let configuration = SlackConfiguration(
                webhook: webhook ? Secret("\(slack.url)/services/T/B/hush") : nil,
                token: webhook ? nil : Secret("xoxb-hush"), channel: channel, apiURL: "\(slack.url)/api")
            #expect(configuration.problems == [])
            let target = SlackTarget(
                configuration, externalURL: "https://ci.example.com/", http: http, tail: Tail(),
                timeoutSeconds: timeoutSeconds)
            let desk = Desk([target])
            try await desk.working(body)
            #expect(!desk.warnings.entries.contains { $0.contains("hush") })
            #expect(!desk.records.entries.contains { $0.contains("hush") })
        }
    }

    @Test func `one message a run: posted at the start, updated as it goes`() async throws {
        let slack = try StandIn([Self.posted])
        try await working(slack) { desk in
            desk.list(running)
            #expect(await desk.records.first(1) == ["u1 slack Running/0 C9/1700000000.000100"])
            desk.observe(broken)
            await desk.records.first(2)
            desk.observe(end)
            #expect(await desk.records.first(3).last == "u1 slack Failed/0 C9/1700000000.000100")
        }
        let requests = slack.requests.entries
        #expect(
            requests.map(\.call) == ["POST /api/chat.postMessage", "POST /api/chat.update", "POST /api/chat.update"])
        for request in requests {
            #expect(request["authorization"] == "Bearer xoxb-hush")
            #expect(request["content-type"] == "application/json; charset=utf-8")
        }
        let first = try requests[0].json
        #expect(first["channel"]?.string == "#ci")
        #expect(first["ts"] == nil)
        #expect(first["unfurl_links"]?.value == .bool(false))
        #expect(first["text"]?.string == "app on main is running")
        let last = try requests[2].json
        // An update takes the channel's id, never its name.
        #expect(last["channel"]?.string == "C9")
        #expect(last["ts"]?.string == "1700000000.000100")
        let section = last["blocks"]?.array?[2]["text"]?["text"]?.string
        #expect(section == "`lint` failed: failed\n```\nlast words of u1/lint/1\n```")
    }

    @Test func `nothing is sent where the message would look the same`() async throws {
        let slack = try StandIn([Self.posted])
        try await working(slack) { desk in
            desk.list(running)
            await desk.records.first(1)
            var same = running
            same.status.stages[0].agent = "another"
            desk.observe(same)
            desk.observe(end)
            await desk.records.first(2)
        }
        #expect(slack.requests.entries.count == 2)
    }

    @Test func `a restart goes on with the message that is there`() async throws {
        let slack = try StandIn([Self.posted])
        try await working(slack) { desk in
            desk.list(end.told("slack", "Running/0", "C5/1.5"))
            #expect(await desk.records.first(1) == ["u1 slack Failed/0 C5/1.5"])
        }
        let request = try #require(slack.requests.entries.first)
        #expect(request.call == "POST /api/chat.update")
        #expect(try request.json["ts"]?.string == "1.5")
    }

    @Test func `a message that somebody has deleted is posted anew`() async throws {
        let slack = try StandIn([Self.failed("message_not_found"), Self.posted])
        try await working(slack) { desk in
            desk.list(end.told("slack", "Running/0", "C5/1.5"))
            #expect(await desk.records.first(1) == ["u1 slack Failed/0 C9/1700000000.000100"])
        }
        #expect(slack.requests.entries.map(\.call) == ["POST /api/chat.update", "POST /api/chat.postMessage"])
    }

    @Test func `a channel of the pipeline's own goes before the default`() async throws {
        let slack = try StandIn([Self.posted])
        try await working(slack) { desk in
            desk.list(.sample(slack: [.failed], channel: "C7", end: .false))
            await desk.records.first(1)
        }
        #expect(try slack.requests.entries.first?.json["channel"]?.string == "C7")
    }

    @Test func `a token without any channel is warned of, with what to do`() async throws {
        let slack = try StandIn([Self.posted])
        try await working(slack, channel: nil) { desk in
            desk.list(.sample(slack: [.failed], end: .false))
            #expect(
                await desk.warnings.first(1) == [
                    "Slack isn't told of pipeline app: no channel is named; "
                        + "set --slack-channel or the pipeline's notifications.slack.channel"
                ])
        }
        #expect(slack.requests.entries.isEmpty)
    }

    @Test func `a webhook gets one message, at the end`() async throws {
        let slack = try StandIn([StandIn.Answer(body: "ok")])
        try await working(slack, webhook: true, channel: nil) { desk in
            desk.list(running)
            desk.observe(.sample(slack: [.succeeded], stages: [.sample("lint", .succeeded)], end: .true))
            #expect(await desk.records.first(1) == ["u1 slack Succeeded/0 -"])
        }
        let requests = slack.requests.entries
        #expect(requests.map(\.call) == ["POST /services/T/B/hush"])
        #expect(requests.first?["authorization"] == nil)
        #expect(try requests.first?.json.members?.map(\.key) == ["text", "blocks"])
    }

    @Test func `trouble passes: a limit, an error, a broken connection, and then the message`() async throws {
        let slack = try StandIn([
            StandIn.Answer(status: 429, headers: ["Retry-After: 45"]), StandIn.Answer(status: 500), .cut,
            Self.failed("internal_error"), Self.posted,
        ])
        try await working(slack) { desk in
            desk.list(.sample(slack: [.failed], end: .false))
            await desk.records.first(1)
            #expect(desk.time.now >= .seconds(45))
            #expect(desk.counts.entries == Array(repeating: "slack retried", count: 4) + ["slack sent"])
            #expect(desk.warnings.entries.count == 1)
        }
        #expect(slack.requests.entries.count == 5)
    }

    @Test func `an answer that doesn't come in time passes too`() async throws {
        let slack = try StandIn([.silent, Self.posted])
        try await working(slack, timeoutSeconds: 0.2) { desk in
            desk.list(.sample(slack: [.failed], end: .false))
            await desk.records.first(1)
            #expect(
                desk.warnings.entries == ["Slack can't be reached: timedOut; it is tried again until it works"])
        }
    }

    @Test func `a refusal is warned of once and counted`() async throws {
        let slack = try StandIn([Self.failed("not_in_channel")])
        try await working(slack) { desk in
            desk.list(.sample(slack: [.failed], end: .false), .sample("u2", slack: [.failed], end: .false))
            #expect(await desk.counts.first(2) == ["slack failed", "slack failed"])
            #expect(
                desk.warnings.entries == [
                    "Slack refuses the message (not_in_channel); invite the app to the channel (/invite @app)"
                ])
            #expect(desk.records.entries.isEmpty)
        }
    }
}
