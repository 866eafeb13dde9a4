import HTTPClient
import Testing

@testable import Reporting

@Suite struct ConfigurationTests {
    struct Case: CustomTestStringConvertible {
        var configuration: ReportingConfiguration
        var expected: [String]
        var testDescription: String { expected.first ?? "all is well" }

        init(
            slack: SlackConfiguration? = nil, github: GitHubConfiguration? = nil, external: String? = nil,
            _ expected: [String]
        ) {
            configuration = ReportingConfiguration(slack: slack, github: github, externalURL: external, version: "1")
            self.expected = expected
        }
    }

    @Test(arguments: [
        Case(
            slack: SlackConfiguration(webhook: Secret("https://hooks.slack.com/services/T/B/x")),
            github: GitHubConfiguration(token: Secret("t")), external: "http://ci.example.com:8080/martlet", []),
        Case(slack: SlackConfiguration(token: Secret("t"), channel: "#ci", apiURL: "http://127.0.0.1:1/api"), []),
        Case(github: GitHubConfiguration(apiURL: "http://[::1]:80", token: Secret("t")), []),
        Case(slack: SlackConfiguration(), ["Slack needs a token or an incoming webhook's URL"]),
        Case(
            slack: SlackConfiguration(webhook: Secret("http://hooks.slack.com/services/T/B/x")),
            ["the Slack webhook's URL has to begin with https://, since what is sent there is secret"]),
        Case(
            slack: SlackConfiguration(webhook: Secret("http://127.0.0.1.evil.example/x")),
            ["the Slack webhook's URL has to begin with https://, since what is sent there is secret"]),
        Case(
            slack: SlackConfiguration(webhook: Secret("https://hooks.slack.com/x\n")),
            ["the Slack webhook's URL holds spaces or characters that no URL may"]),
        Case(
            slack: SlackConfiguration(token: Secret("a b")),
            ["the Slack token is empty or holds spaces: it looks like xoxb-…"]),
        Case(
            slack: SlackConfiguration(token: Secret("t"), channel: "my channel"),
            ["--slack-channel is no channel: write its id (C0123456789) or #name"]),
        Case(github: GitHubConfiguration(), ["GitHub needs a token, or an App's id and private key"]),
        Case(
            github: GitHubConfiguration(apiURL: "ftp://x", token: Secret("t")),
            ["--github-api-url has to begin with https://"]),
        Case(
            github: GitHubConfiguration(webURL: "https://me:pw@ghe", token: Secret("t")),
            ["--github-url must not hold a user or a password"]),
        Case(
            github: GitHubConfiguration(app: .init(id: "12 3", key: Secret("no key"))),
            [
                "--github-app-id is no App's id: it is the number on the App's settings page",
                "the GitHub App's key is no RSA private key in PEM form: generate one on the App's settings page",
            ]),
        Case(external: "ci.example.com", ["--external-url has to begin with https:// or http://"]),
    ])
    func problems(_ example: Case) {
        #expect(example.configuration.problems == example.expected)
    }

    @Test(arguments: [
        ("https://api.github.com", nil, "github.com"),
        ("https://api.github.com/", nil, "github.com"),
        ("https://ghe.example.com/api/v3", nil, "ghe.example.com"),
        ("https://ghe.example.com:8443/api/v3/", nil, "ghe.example.com:8443"),
        ("https://api.acme.ghe.com", nil, "acme.ghe.com"),
        ("http://127.0.0.1:1234", "http://127.0.0.1:1234", "127.0.0.1:1234"),
    ])
    func `the host of repositories follows from the API's`(_ api: String, _ web: String?, _ expected: String) {
        #expect(GitHubConfiguration(apiURL: api, webURL: web).host.name == expected)
    }

    @Test(arguments: [
        ("https://github.com/acme/app.git", "acme/app"),
        ("git@github.com:acme/app", "acme/app"),
        ("ssh://git@GitHub.com/acme/app.git", "acme/app"),
        ("https://gitlab.com/acme/app", nil),
        ("https://github.com.evil.example/acme/app", nil),
        ("https://github.com/acme", nil),
        ("https://github.com/acme/app/more", nil),
        ("https://github.com/acme/..", nil),
        ("https://github.com/acme/a%2Fb", nil),
        ("https://github.com/acme/a?b", nil),
        ("file:../repository", nil),
    ])
    func `a repository is read from its URL where it is on that host`(_ url: String, _ expected: String?) {
        let repository = GitHubRepository(url, on: GitHubHost(webURL: "https://github.com"))
        #expect(repository.map { "\($0.owner)/\($0.name)" } == expected)
    }

    @Test func `no secret shows in what is printed of a configuration`() {
        let configuration = ReportingConfiguration(
            slack: SlackConfiguration(webhook: Secret("hush-hook"), token: Secret("hush-slack")),
            github: GitHubConfiguration(token: Secret("hush-token"), app: .init(id: "1", key: Secret("hush-key"))),
            version: "1")
        var dumped = ""
        dump(configuration, to: &dumped)
        for text in ["\(configuration)", String(reflecting: configuration), dumped, "\(configuration.problems)"] {
            #expect(!text.contains("hush"))
        }
    }
}
