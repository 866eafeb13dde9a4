internal import Document
package import HTTPClient
package import Model
internal import Synchronization

/// Tells Slack: with a token one message a run, kept up to date; with an incoming webhook one at the end.
///
/// A message that was posted while its answer got lost is posted again: Slack offers no way to ask.
package final class SlackTarget: NotificationTarget {
    package static let targetName = "slack"

    package let name = SlackTarget.targetName
    package let concurrency = 1
    /// Slack wants about one message a second, and some fifty updates a minute.
    package let spacing = Duration.milliseconds(1200)
    package let quietTime = Duration.seconds(2)

    static let tailLines = 12

    private let configuration: SlackConfiguration
    private let links: RunLinks
    private let host: GitHubHost?
    private let http: HTTPClient
    private let tail: any OutputTail
    private let timeoutSeconds: Double
    /// The message that was sent last, by run, so that only what differs is sent.
    private let sent = Mutex<[String: SlackMessage]>([:])

    /// - Parameters:
    ///   - github: Where commits are shown.
    ///   - timeoutSeconds: How long an answer may take.
    package init(
        _ configuration: SlackConfiguration, externalURL: String? = nil, github: GitHubConfiguration? = nil,
        http: HTTPClient, tail: any OutputTail, timeoutSeconds: Double = 15
    ) {
        self.configuration = configuration
        links = RunLinks(external: externalURL.map(URLRule.base))
        host = (github ?? GitHubConfiguration()).host
        self.http = http
        self.tail = tail
        self.timeoutSeconds = timeoutSeconds
    }

    package func isWanted(by run: PipelineRun) -> Bool {
        RunSummary.spec(of: run)?.notifications?.slack.map { !$0.events.isEmpty } ?? false
    }

    package func isSettled(_ run: PipelineRun, told: NotificationRecord?) -> Bool {
        guard run.status.completionTime != nil, let spec = RunSummary.spec(of: run)?.notifications?.slack else {
            return false
        }
        let canUpdate = channel(spec) != nil
        return SlackDecision.decide(RunSummary(run), spec, told: told, canUpdate: canUpdate) == .nothing
    }

    package func forget(_ uid: String) {
        sent.withLock { $0[uid] = nil }
    }

    package func tell(_ run: PipelineRun, told: NotificationRecord?) async -> TellingOutcome {
        let summary = RunSummary(run)
        guard let spec = summary.notifications.slack else { return .nothing }
        let channel = channel(spec)
        let decision = SlackDecision.decide(summary, spec, told: told, canUpdate: channel != nil)
        let isRecovery: Bool
        switch decision {
        case .nothing: return .nothing
        case .post(let recovers), .update(let recovers): isRecovery = recovers
        }
        let message = await message(summary, isRecovery: isRecovery)
        guard let channel, let token = configuration.token else { return await post(message, of: summary) }
        if case .update = decision, let place = told?.reference.flatMap(MessagePlace.init) {
            if told?.event == summary.event, sent.withLock({ $0[summary.uid] }) == message { return .nothing }
            let answer = await call("chat.update", token: token, message, to: place.channel, ts: place.ts)
            if answer != .lost { return outcome(answer, summary, message, place: place) }
        }
        let answer = await call("chat.postMessage", token: token, message, to: channel, ts: nil)
        return outcome(answer, summary, message, place: nil)
    }

    /// Where the bot writes; nil where only the webhook can.
    private func channel(_ spec: SlackSpec) -> String? {
        configuration.token == nil ? nil : spec.channel ?? configuration.channel
    }

    private func message(_ run: RunSummary, isRecovery: Bool) async -> SlackMessage {
        var lines: [String] = []
        if let failing = run.failing, failing.status.attempt > 0 {
            lines = await tail.lastLines(
                run: run.uid, stage: failing.id, attempt: failing.status.attempt, count: Self.tailLines)
        }
        return SlackMessage(
            run, lines: lines.suffix(Self.tailLines), links: links, host: host, isRecovery: isRecovery)
    }

    private func outcome(
        _ answer: SlackAnswer, _ run: RunSummary, _ message: SlackMessage, place: MessagePlace?
    ) -> TellingOutcome {
        switch answer {
        case .done(let channel, let ts):
            sent.withLock { $0[run.uid] = message }
            let posted = channel.flatMap { channel in ts.map { MessagePlace(channel: channel, ts: $0) } }
            return .told(event: run.event, reference: (place ?? posted)?.description)
        case .lost: return .retry("the message in Slack is gone")
        case .retry(let problem): return .retry(problem)
        case .pause(let time, let problem): return .pause(time, problem)
        case .refused(let problem): return .refused(problem)
        }
    }

    // MARK: Requests

    private func post(_ message: SlackMessage, of run: RunSummary) async -> TellingOutcome {
        guard let webhook = configuration.webhook else {
            return .refused(
                "Slack isn't told of pipeline \(run.pipeline.shown()): no channel is named; "
                    + "set --slack-channel or the pipeline's notifications.slack.channel")
        }
        var json = JSONWriter()
        json.beginObject()
        message.write(to: &json)
        json.endObject()
        let answer = await send(webhook.text, headers: [:], json.bytes, isWebhook: true, isUpdate: false)
        return outcome(answer, run, message, place: nil)
    }

    private func call(
        _ method: String, token: Secret, _ message: SlackMessage, to channel: String, ts: String?
    ) async -> SlackAnswer {
        var json = JSONWriter()
        json.beginObject()
        json.member("channel", channel)
        json.member("ts", ts)
        message.write(to: &json)
        if ts == nil {
            json.member("unfurl_links", false)
            json.member("unfurl_media", false)
        }
        json.endObject()
        return await send(
            "\(URLRule.base(configuration.apiURL))/\(method)", headers: ["Authorization": "Bearer \(token.text)"],
            json.bytes, isWebhook: false, isUpdate: ts != nil)
    }

    private func send(
        _ url: String, headers: HTTPHeaders, _ body: [UInt8], isWebhook: Bool, isUpdate: Bool
    ) async -> SlackAnswer {
        var headers = headers
        headers["Content-Type"] = "application/json; charset=utf-8"
        do throws(HTTPError) {
            let request = HTTPRequest("POST", url, headers: headers, body: body, timeoutSeconds: timeoutSeconds)
            return SlackAnswer(try await http.send(request), isWebhook: isWebhook, isUpdate: isUpdate)
        } catch {
            // In words of our own: an error of libcurl's may hold the URL, which is the webhook's secret.
            return SlackAnswer(error)
        }
    }
}

/// Where a message is: the channel's id and the message's time, which is its name in Slack.
struct MessagePlace: Equatable, Sendable, CustomStringConvertible {
    var channel: String
    var ts: String

    init(channel: String, ts: String) {
        self.channel = channel
        self.ts = ts
    }

    /// Reads what `description` writes.
    init?(_ text: String) {
        guard let slash = text.firstIndex(of: "/") else { return nil }
        channel = String(text[..<slash])
        ts = String(text[text.index(after: slash)...])
        if channel.isEmpty || ts.isEmpty { return nil }
    }

    var description: String { "\(channel)/\(ts)" }
}
