internal import HTTPClient
internal import Model
internal import Reporting
internal import Web

// What settings mean to the web server and to those who are told how runs go.
extension SettingValues {
    /// The server's settings; nil where nobody wants one.
    ///
    /// - Throws: `CommandFailure` for what makes no sense, or says nothing without a server.
    func web() throws -> WebSettings? {
        guard let text = text(Settings.listen) else {
            let idle = [Settings.webhookSecretFile, Settings.webhookUnsigned].first { value($0).origin == .flag }
            if let idle { throw Self.failure("\(name(idle)) says nothing without --listen") }
            try requireOnePlace(Settings.webhookSecret, Settings.webhookSecretFile)
            return nil
        }
        guard let address = ListenAddress(text) else {
            throw Self.failure(
                "\(name(Settings.listen)) \(text.shown()): write HOST:PORT, such as 127.0.0.1:8080, or 0.0.0.0:8080 for all"
            )
        }
        var web = WebSettings(listen: address)
        web.externalURL = externalURL
        web.allowsUnsigned = isOn(Settings.webhookUnsigned)
        if let secret = try secret(Settings.webhookSecret, Settings.webhookSecretFile) {
            guard !web.allowsUnsigned else {
                throw Self.failure(
                    "\(name(Settings.webhookUnsigned)) contradicts \(secret.origin): with a secret, what isn't signed is "
                        + "refused")
            }
            do {
                web.secrets = try WebhookSecrets(text: secret.text)
            } catch {
                throw Self.failure("\(secret.origin): \(error)")
            }
        }
        return web
    }

    /// Who is told.
    ///
    /// - Throws: `CommandFailure` for what makes no sense, or contradicts something else.
    func reporting() throws -> ReportingConfiguration {
        var reporting = ReportingConfiguration(version: Martlet.version)
        reporting.externalURL = externalURL
        // All that is wrong at once, rather than one thing after the other is mended.
        var problems: [String] = []
        func gather<Part>(_ read: () throws -> Part?) throws -> Part? {
            do {
                return try read()
            } catch let failure as CommandFailure {
                problems += failure.lines
                return nil
            }
        }
        reporting.slack = try gather(slack)
        reporting.github = try gather(github)
        problems += reporting.problems.map { problem in
            let named = [Settings.externalURL, Settings.githubAPI, Settings.githubURL, Settings.slackAPI]
                .first { problem.hasPrefix("--\($0.name) ") }
            return named.map { name($0) + problem.dropFirst($0.name.utf8.count + 2) } ?? problem
        }
        guard problems.isEmpty else { throw CommandFailure(problems, code: CommandFailure.badInput) }
        return reporting
    }

    private var externalURL: String? {
        text(Settings.externalURL).map { text in String(text.reversed().drop { $0 == "/" }.reversed()) }
    }

    private func slack() throws -> SlackConfiguration? {
        let token = try secret(Settings.slackToken, Settings.slackTokenFile)
        let webhook = try secret(Settings.slackWebhook, Settings.slackWebhookFile)
        guard token != nil || webhook != nil else {
            guard text(Settings.slackChannel) == nil else {
                throw Self.failure(
                    "\(name(Settings.slackChannel)) says nothing without a token (\(Settings.slackToken.variable))")
            }
            return nil
        }
        guard token != nil || text(Settings.slackChannel) == nil else {
            throw Self.failure(
                "\(name(Settings.slackChannel)) says nothing with an incoming webhook, which has a channel of its own")
        }
        var slack = SlackConfiguration(webhook: webhook.map { Secret($0.text) }, token: token.map { Secret($0.text) })
        slack.channel = text(Settings.slackChannel)
        slack.apiURL = text(Settings.slackAPI) ?? slack.apiURL
        return slack
    }

    private func github() throws -> GitHubConfiguration? {
        let token = try secret(Settings.githubToken, Settings.githubTokenFile)
        let id = text(Settings.githubAppID)
        let key = text(Settings.githubAppKeyFile)
        if id != nil, key == nil {
            throw Self.failure("\(name(Settings.githubAppID)) needs \(name(Settings.githubAppKeyFile)), the App's key")
        }
        if id == nil, key != nil {
            throw Self.failure("\(name(Settings.githubAppKeyFile)) needs \(name(Settings.githubAppID)), the App's id")
        }
        guard token != nil || id != nil else {
            for setting in [Settings.githubAPI, Settings.githubURL] where value(setting).origin == .flag {
                throw Self.failure("\(name(setting)) says nothing without a token or an App to go there with")
            }
            return nil
        }
        var github = GitHubConfiguration(
            apiURL: text(Settings.githubAPI) ?? GitHubConfiguration.publicAPI, webURL: text(Settings.githubURL),
            token: token.map { Secret($0.text) })
        if let id, let key { github.app = GitHubConfiguration.App(id: id, key: Secret(try Self.read(key))) }
        return github
    }

    /// A secret from its variable, or from the file that a setting names; nil where there is neither.
    private func secret(_ variable: Setting, _ file: Setting) throws -> (text: String, origin: String)? {
        try requireOnePlace(variable, file)
        switch (text(variable), text(file)) {
        case (nil, nil): return nil
        case (let text?, _): return (text, variable.variable)
        case (nil, let path?):
            let text = String(try Self.read(path).reversed().drop(while: \.isWhitespace).reversed())
            guard !text.isEmpty else { throw Self.failure("\(path): there is nothing in it") }
            return (text, path)
        }
    }

    private func requireOnePlace(_ variable: Setting, _ file: Setting) throws {
        guard text(variable) != nil, text(file) != nil else { return }
        throw Self.failure("\(name(variable)) and \(name(file)) exclude each other: the secret has one place")
    }

    private static func read(_ path: String) throws -> String {
        String(decoding: try InputFile.read(path), as: UTF8.self)
    }

    private static func failure(_ text: String) -> CommandFailure {
        CommandFailure(text, code: CommandFailure.badInput)
    }
}
