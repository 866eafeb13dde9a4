package import HTTPClient
package import Model

extension Reporter {
    /// A reporter to all that the configuration names. Pipelines that want others told are told so themselves.
    ///
    /// - Parameters:
    ///   - http: Closed by its owner, once `run` has ended.
    ///   - github: The client for the configuration's GitHub, where there is one.
    package convenience init(
        _ configuration: ReportingConfiguration, http: HTTPClient, github: GitHubClient?,
        tail: any OutputTail = NoOutputTail(), clock: ReportingClock = .system,
        record: @escaping @Sendable (_ uid: String, NotificationRecord) -> Void,
        count: @escaping @Sendable (_ target: String, _ outcome: String) -> Void = { _, _ in },
        warn: @escaping @Sendable (String) -> Void = { _ in },
        recovered: @escaping @Sendable (_ target: String) -> Void = { _ in }
    ) {
        var targets: [any NotificationTarget] = []
        if let slack = configuration.slack {
            targets.append(
                SlackTarget(
                    slack, externalURL: configuration.externalURL, github: configuration.github, http: http,
                    tail: tail))
        } else {
            targets.append(UnsetTarget.slack(clock))
        }
        if let settings = configuration.github, let github {
            targets.append(GitHubTarget(settings, externalURL: configuration.externalURL, client: github))
        } else {
            targets.append(UnsetTarget.github(clock))
        }
        self.init(targets: targets, clock: clock, record: record, count: count, warn: warn, recovered: recovered)
    }
}
