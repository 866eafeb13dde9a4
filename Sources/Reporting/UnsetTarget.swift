package import Model
internal import Synchronization

/// Stands for Slack or GitHub where the controller has no settings for it, so that pipelines which want it told don't
/// wonder: each of their runs counts as failed to be told, and the reason is said once.
package final class UnsetTarget: NotificationTarget {
    package let name: String
    package let concurrency = 1
    package let spacing = Duration.zero
    package let quietTime = Duration.zero

    private let isWanted: @Sendable (NotificationSpec) -> Bool
    private let problem: String
    private let clock: ReportingClock
    /// When it was asked first: of runs that had ended before, nothing is said. A process may lead long after its start.
    private let start = Mutex<Timestamp?>(nil)

    private init(
        _ name: String, _ problem: String, _ clock: ReportingClock,
        isWanted: @escaping @Sendable (NotificationSpec) -> Bool
    ) {
        self.name = name
        self.problem = problem
        self.clock = clock
        self.isWanted = isWanted
    }

    static func slack(_ clock: ReportingClock) -> UnsetTarget {
        UnsetTarget(
            SlackTarget.targetName,
            "a pipeline wants Slack told of its runs, which takes a bot's token (--slack-token-file, MARTLET_SLACK_TOKEN) "
                + "or an incoming webhook (--slack-webhook-url-file, MARTLET_SLACK_WEBHOOK_URL)", clock
        ) { $0.slack.map { !$0.events.isEmpty } ?? false }
    }

    static func github(_ clock: ReportingClock) -> UnsetTarget {
        UnsetTarget(
            GitHubTarget.targetName,
            "a pipeline wants GitHub told of its runs, which takes a token (--github-token-file, MARTLET_GITHUB_TOKEN) "
                + "or a GitHub App (--github-app-id, --github-app-key-file)", clock
        ) { $0.github != .none }
    }

    package func isWanted(by run: PipelineRun) -> Bool {
        RunSummary.spec(of: run)?.notifications.map(isWanted) ?? false
    }

    package func isSettled(_ run: PipelineRun, told: NotificationRecord?) -> Bool {
        let start = start.withLock { start in
            let known = start ?? clock.wall()
            start = known
            return known
        }
        return run.status.completionTime.map { $0 < start } ?? false
    }

    package func tell(_ run: PipelineRun, told: NotificationRecord?) async -> TellingOutcome {
        run.status.isFinished ? .refused(problem) : .nothing
    }
}
