package import HTTPClient

/// How Slack is reached.
///
/// A token gives one message a run, which is updated as the run goes on; a webhook gives one message at the end. Where
/// both are there, the token is used wherever a channel is known.
package struct SlackConfiguration: Equatable, Sendable {
    /// An incoming webhook's URL, which is a secret by itself.
    package var webhook: Secret?
    /// A bot's token (`xoxb-…`) with the scope `chat:write`.
    package var token: Secret?
    /// Where messages go whose pipeline names no channel: its id, or `#name`.
    package var channel: String?
    package var apiURL: String

    package init(
        webhook: Secret? = nil, token: Secret? = nil, channel: String? = nil, apiURL: String = "https://slack.com/api"
    ) {
        self.webhook = webhook
        self.token = token
        self.channel = channel
        self.apiURL = apiURL
    }

    /// What is wrong, a sentence each. None shows a secret.
    package var problems: [String] {
        var problems: [String] = []
        if webhook == nil, token == nil {
            problems.append("Slack needs a token or an incoming webhook's URL")
        }
        if let webhook, let complaint = URLRule.complaint(about: webhook.text) {
            problems.append("the Slack webhook's URL \(complaint)")
        }
        if let token, !URLRule.isHeaderValue(token.text) {
            problems.append("the Slack token is empty or holds spaces: it looks like xoxb-…")
        }
        if let complaint = URLRule.complaint(about: apiURL) { problems.append("Slack's API URL \(complaint)") }
        if let channel, channel.isEmpty || channel.contains(where: \.isWhitespace) {
            problems.append("--slack-channel is no channel: write its id (C0123456789) or #name")
        }
        return problems
    }
}
