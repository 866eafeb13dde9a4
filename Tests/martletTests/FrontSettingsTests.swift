import Presentation
import Reporting
import Testing
import Web

@testable import martlet

/// What settings of the web server and of notifications make no sense, and in which words that is said.
@Suite struct FrontSettingsTests {
    private static let secret = "0123456789abcdef0123456789abcdef"

    private func settings(_ flags: [String: String], _ variables: [String: String] = [:]) -> SettingValues {
        SettingValues(
            flags: flags.map { (name: $0.key, texts: [$0.value]) }, environment: { variables[$0] },
            variables: Array(variables.keys), dotEnv: nil)
    }

    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var flags: [String: String] = [:]
        var variables: [String: String] = [:]
        var complaint: String
    }

    @Test(arguments: [
        Case(
            testDescription: "an address without a host", flags: ["listen": ":8080"],
            complaint: "--listen :8080: write HOST:PORT, such as 127.0.0.1:8080, or 0.0.0.0:8080 for all"),
        Case(
            testDescription: "what a variable says is called by its name", variables: ["MARTLET_LISTEN": "8080"],
            complaint: "MARTLET_LISTEN 8080: write HOST:PORT, such as 127.0.0.1:8080, or 0.0.0.0:8080 for all"),
        Case(
            testDescription: "a secret for nobody", flags: ["github-webhook-secret-file": "/dev/null"],
            complaint: "--github-webhook-secret-file says nothing without --listen"),
        Case(
            testDescription: "a secret in two places",
            flags: ["listen": "127.0.0.1:0", "github-webhook-secret-file": "/dev/null"],
            variables: ["MARTLET_GITHUB_WEBHOOK_SECRET": secret],
            complaint: "MARTLET_GITHUB_WEBHOOK_SECRET and --github-webhook-secret-file exclude each other: the secret "
                + "has one place"),
        Case(
            testDescription: "a secret, and nothing signed",
            flags: ["listen": "127.0.0.1:0", "github-webhook-allow-unsigned": "true"],
            variables: ["MARTLET_GITHUB_WEBHOOK_SECRET": secret],
            complaint: "--github-webhook-allow-unsigned contradicts MARTLET_GITHUB_WEBHOOK_SECRET: with a secret, what "
                + "isn't signed is refused"),
        Case(
            testDescription: "a secret that can be guessed", flags: ["listen": "127.0.0.1:0"],
            variables: ["MARTLET_GITHUB_WEBHOOK_SECRET": "short"],
            complaint:
                "MARTLET_GITHUB_WEBHOOK_SECRET: a secret is shorter than 16 bytes, which can be guessed: make one "
                + "with `openssl rand -hex 32`"),
        Case(
            testDescription: "a file that isn't there",
            flags: ["listen": "127.0.0.1:0", "github-webhook-secret-file": "/nowhere"],
            complaint: "/nowhere: error: there is no such file"),
        Case(
            testDescription: "a channel without a token", flags: ["slack-channel": "#ci"],
            complaint: "--slack-channel says nothing without a token (MARTLET_SLACK_TOKEN)"),
        Case(
            testDescription: "a channel for a webhook", flags: ["slack-channel": "#ci"],
            variables: ["MARTLET_SLACK_WEBHOOK_URL": "https://hooks.slack.com/services/x"],
            complaint: "--slack-channel says nothing with an incoming webhook, which has a channel of its own"),
        Case(
            testDescription: "an App without a key", flags: ["github-app-id": "12"],
            complaint: "--github-app-id needs --github-app-key-file, the App's key"),
        Case(
            testDescription: "a key without an App", flags: ["github-app-key-file": "/dev/null"],
            complaint: "--github-app-key-file needs --github-app-id, the App's id"),
        Case(
            testDescription: "an API that nobody is known to", flags: ["github-api-url": "https://ghe.example/api/v3"],
            complaint: "--github-api-url says nothing without a token or an App to go there with"),
        Case(
            testDescription: "a token over plain HTTP", flags: ["github-api-url": "http://ghe.example/api/v3"],
            variables: ["MARTLET_GITHUB_TOKEN": "t"],
            complaint: "--github-api-url has to begin with https://"),
    ])
    func complaint(_ example: Case) {
        let settings = settings(example.flags, example.variables)
        do {
            _ = try settings.web()
            _ = try settings.reporting()
            Issue.record("nothing was complained of")
        } catch let error as CommandFailure {
            #expect(error.lines.joined(separator: "\n").hasPrefix(example.complaint), "\(error.lines)")
            #expect(!error.lines.joined().contains(Self.secret))
            #expect(error.code == CommandFailure.badInput)
        } catch {
            Issue.record("\(error)")
        }
    }

    @Test func `what makes sense is taken`() throws {
        let settings = settings(
            ["listen": "127.0.0.1:8080", "external-url": "https://ci.example.com/", "slack-channel": "#ci"],
            [
                "MARTLET_GITHUB_WEBHOOK_SECRET": Self.secret, "MARTLET_SLACK_TOKEN": "xoxb-1",
                "MARTLET_GITHUB_TOKEN": "t",
            ])
        let web = try #require(try settings.web())
        #expect(web.listen.port == 8080)
        #expect(web.externalURL == "https://ci.example.com")
        let reporting = try settings.reporting()
        #expect(reporting.slack?.channel == "#ci")
        #expect(reporting.github?.apiURL == "https://api.github.com")
        let none = self.settings([:])
        #expect(try none.web() == nil)
        let nobody = try none.reporting()
        #expect(nobody.slack == nil && nobody.github == nil)
    }

    @Test func `secrets are hidden where settings are shown`() {
        let settings = settings([:], ["MARTLET_SLACK_TOKEN": "xoxb-1", "MARTLET_GITHUB_WEBHOOK_SECRET": Self.secret])
        let shown = ConfigCommand.table(settings).lines(width: 200).map { "\($0)" }.joined()
        #expect(!shown.contains("xoxb-1") && !shown.contains(Self.secret))
    }
}
