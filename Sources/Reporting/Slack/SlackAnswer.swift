internal import Document
internal import HTTPClient
internal import Model

/// What Slack's answer means for what is to be done next.
enum SlackAnswer: Equatable, Sendable {
    /// The message's place, where Slack says it.
    case done(channel: String?, ts: String?)
    /// The message that was to be updated can't be: there has to be a new one.
    case lost
    case retry(String)
    case pause(Duration, String)
    case refused(String)

    /// The longest that a server's word is taken for.
    static let longestPause = 3600

    /// - Parameter isUpdate: Whether a message was to be updated.
    init(_ response: HTTPResponse, isWebhook: Bool, isUpdate: Bool) {
        switch response.status {
        case 429:
            let wanted = response.headers["Retry-After"].flatMap { Int($0) } ?? 30
            self = .pause(.seconds(min(max(wanted, 1), Self.longestPause)), "Slack takes no more for now (429)")
        case 408, 500...599: self = .retry("Slack answers \(response.status)")
        case 200..<300 where isWebhook: self = .done(channel: nil, ts: nil)
        case 200..<300: self.init(json: response.body, isUpdate: isUpdate)
        default:
            // Webhooks answer with one word; anything longer is some proxy's page.
            let word = String(decoding: response.body.prefix(64), as: UTF8.self).shown(64)
            let detail = isWebhook && !word.isEmpty && !word.contains("<") ? ": \(word)" : ""
            self = .refused(
                "Slack refuses the message (\(response.status)\(detail)); "
                    + (isWebhook
                        ? "make a new incoming webhook for the channel and set its URL"
                        : "check Slack's API URL and the token"))
        }
    }

    init(json: [UInt8], isUpdate: Bool) {
        guard let body = try? parseJSON(json), case .bool(let isDone) = body["ok"]?.value else {
            self = .retry("Slack's answer isn't what its API gives")
            return
        }
        if isDone {
            self = .done(channel: body["channel"]?.string, ts: body["ts"]?.string)
            return
        }
        let error = (body["error"]?.string ?? "unknown_error").shown(64)
        switch error {
        case "ratelimited", "rate_limited": self = .pause(.seconds(30), "Slack takes no more for now (\(error))")
        case "internal_error", "fatal_error", "service_unavailable", "request_timeout", "team_added_to_org":
            self = .retry("Slack answers \(error)")
        case "message_not_found", "cant_update_message", "edit_window_closed":
            self = isUpdate ? .lost : Self.refusal(error)
        default: self = Self.refusal(error)
        }
    }

    init(_ error: HTTPError) {
        self = error.isRetriable ? .retry("Slack can't be reached: \(error.kind.rawValue)") : Self.unusable(error)
    }

    private static func unusable(_ error: HTTPError) -> SlackAnswer {
        switch error.kind {
        case .cancelled, .closed: .retry("the request to Slack was cancelled")
        case .untrusted: .retry("the certificate of Slack's server is not one to trust")
        default: .refused("the request to Slack can't be sent (\(error.kind.rawValue)); check the URL and the token")
        }
    }

    private static func refusal(_ error: String) -> SlackAnswer {
        let advice =
            switch error {
            case "channel_not_found":
                "check the channel's name (--slack-channel, or notifications.slack.channel); "
                    + "into a private channel the app has to be invited"
            case "not_in_channel": "invite the app to the channel (/invite @app)"
            case "is_archived": "the channel is archived: name another"
            case "invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired":
                "check the token (slack-token-file, MARTLET_SLACK_TOKEN)"
            case "missing_scope": "give the app the scope chat:write, and install it again"
            case "restricted_action", "restricted_action_read_only_channel":
                "the workspace lets the app write nothing there: name another channel"
            default: "see https://api.slack.com/methods/chat.postMessage for what this error means"
            }
        return .refused("Slack refuses the message (\(error)); \(advice)")
    }
}
