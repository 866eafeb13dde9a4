import HTTPClient
import Testing

@testable import Reporting

@Suite struct SlackAnswerTests {
    enum Kind: Equatable {
        case done, lost, retry, refused
        case pause(Int)

        init(_ answer: SlackAnswer) {
            switch answer {
            case .done: self = .done
            case .lost: self = .lost
            case .retry: self = .retry
            case .refused: self = .refused
            case .pause(let time, _): self = .pause(Int(time.components.seconds))
            }
        }
    }

    struct Case: CustomTestStringConvertible {
        var name: String
        var status = 200
        var headers: HTTPHeaders = [:]
        var body = ""
        var isWebhook = false
        var isUpdate = false
        var expected: Kind
        var words: String?
        var testDescription: String { name }
    }

    static let cases = [
        Case(name: "a webhook's ok", body: "ok", isWebhook: true, expected: .done),
        Case(
            name: "a webhook that was removed", status: 404, body: "no_service", isWebhook: true, expected: .refused,
            words:
                "Slack refuses the message (404: no_service); make a new incoming webhook for the channel and set its URL"
        ),
        Case(
            name: "some proxy's page", status: 403, body: "<html>secret</html>", isWebhook: true, expected: .refused,
            words: "Slack refuses the message (403); make a new incoming webhook for the channel and set its URL"),
        Case(name: "too much", status: 429, headers: ["Retry-After": "17"], expected: .pause(17)),
        Case(name: "too much, without a time", status: 429, isWebhook: true, expected: .pause(30)),
        Case(name: "too much, for ever", status: 429, headers: ["retry-after": "999999"], expected: .pause(3600)),
        Case(name: "a server's error", status: 503, expected: .retry),
        Case(name: "posted", body: #"{"ok":true,"channel":"C1","ts":"1.2"}"#, expected: .done),
        Case(name: "no JSON", body: "<html>", expected: .retry),
        Case(name: "limited, within a 200", body: #"{"ok":false,"error":"ratelimited"}"#, expected: .pause(30)),
        Case(name: "Slack's own trouble", body: #"{"ok":false,"error":"internal_error"}"#, expected: .retry),
        Case(
            name: "the message to update is gone", body: #"{"ok":false,"error":"message_not_found"}"#, isUpdate: true,
            expected: .lost),
        Case(
            name: "not invited", body: #"{"ok":false,"error":"not_in_channel"}"#, expected: .refused,
            words: "Slack refuses the message (not_in_channel); invite the app to the channel (/invite @app)"),
        Case(
            name: "a bad token", body: #"{"ok":false,"error":"invalid_auth"}"#, expected: .refused,
            words:
                "Slack refuses the message (invalid_auth); check the token (slack-token-file, MARTLET_SLACK_TOKEN)"),
        Case(name: "a missing scope", body: #"{"ok":false,"error":"missing_scope"}"#, expected: .refused),
        Case(name: "an archived channel", body: #"{"ok":false,"error":"is_archived"}"#, expected: .refused),
        Case(name: "an unknown channel", body: #"{"ok":false,"error":"channel_not_found"}"#, expected: .refused),
        Case(name: "anything else", body: #"{"ok":false,"error":"invalid_blocks"}"#, expected: .refused),
    ]

    @Test(arguments: cases) func answers(_ example: Case) {
        let response = HTTPResponse(
            head: HTTPHead(status: example.status, headers: example.headers), body: Array(example.body.utf8))
        let answer = SlackAnswer(response, isWebhook: example.isWebhook, isUpdate: example.isUpdate)
        #expect(Kind(answer) == example.expected)
        if let words = example.words { #expect(answer == .refused(words)) }
    }

    @Test func `a server that can't be reached is tried again, in words without its URL`() {
        let error = HTTPError(.cannotConnect, "https://hooks.slack.com/services/T/B/secret")
        #expect(SlackAnswer(error) == .retry("Slack can't be reached: cannotConnect"))
    }
}
