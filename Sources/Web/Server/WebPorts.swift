package import Model
package import Planning

/// What the server asks of the process it is part of.
package struct WebPorts: Sendable {
    /// The time of the wall clock.
    package var now: @Sendable () -> Timestamp
    /// Why the process isn't ready to serve; nil when it is.
    package var unready: @Sendable () async -> String?
    /// The metrics in Prometheus' text format.
    package var metrics: @Sendable () async -> String
    /// Why a run stands where it does; nil leaves it to what its status says.
    package var explain: @Sendable (PipelineRun) async -> RunExplanation?
    package var github = GitHubQuestions()
    package var meters = WebMeters()

    package init(
        now: @escaping @Sendable () -> Timestamp, unready: @escaping @Sendable () async -> String? = { nil },
        metrics: @escaping @Sendable () async -> String = { "" },
        explain: @escaping @Sendable (PipelineRun) async -> RunExplanation? = { _ in nil }
    ) {
        self.now = now
        self.unready = unready
        self.metrics = metrics
        self.explain = explain
    }
}

/// What GitHub may be asked while a delivery waits for its answer. Each has to end soon once its task is cancelled.
package struct GitHubQuestions: Sendable {
    /// Whether a user may push to a repository (owner, repository, user); nil where that can't be learnt.
    ///
    /// Throws where it may be learnt later.
    package var mayWrite: @Sendable (String, String, String) async throws -> Bool?
    /// The paths that a pull request changes (owner, repository, number); nil where they can't be learnt, or not all.
    package var changedFiles: @Sendable (String, String, Int) async -> [String]?

    package init(
        mayWrite: @escaping @Sendable (String, String, String) async throws -> Bool? = { _, _, _ in nil },
        changedFiles: @escaping @Sendable (String, String, Int) async -> [String]? = { _, _, _ in nil }
    ) {
        self.mayWrite = mayWrite
        self.changedFiles = changedFiles
    }
}

/// Is told what the server has answered, for metrics. Called on the way of every answer: it must not block.
package struct WebMeters: Sendable {
    /// A delivery: its event (one of `Webhook.knownEvents`, `other` or `none`), the answer's status, seconds.
    package var delivery: @Sendable (String, Int, Double) -> Void
    /// Any request: its route (a closed list of words), method (`GET`, `HEAD`, `POST`, `other`), status, seconds.
    package var request: @Sendable (String, String, Int, Double) -> Void

    package init(
        delivery: @escaping @Sendable (String, Int, Double) -> Void = { _, _, _ in },
        request: @escaping @Sendable (String, String, Int, Double) -> Void = { _, _, _, _ in }
    ) {
        self.delivery = delivery
        self.request = request
    }
}
