package import AgentProtocol
package import Model

/// Runs the work of one kind of stage.
package protocol StageExecutor: Sendable {
    /// Runs an attempt to its end; when it returns, all of its processes are gone.
    ///
    /// Ends early when `context.stop` says so, with a `cancelled` outcome unless the work had ended by itself.
    func execute(_ assignment: Assignment, context: StageContext) async -> StageOutcome

    /// Cleans up after an attempt that has been reported, off the way from one stage to the next.
    func release(_ fence: Fence) async

    /// Called once, before anything is executed. Returns soon.
    func prepare() async

    /// Called once, beside what is executed: removes what a process that was killed has left.
    func removeLeftovers() async

    /// Called once, when nothing is executed any more.
    func close() async

    /// Normalised URLs of the repositories that are at hand, the latest first.
    func cachedRepositories() async -> [String]
}

extension StageExecutor {
    package func release(_ fence: Fence) async {}
    package func prepare() async {}
    package func removeLeftovers() async {}
    package func close() async {}
    package func cachedRepositories() async -> [String] { [] }
}

/// What an attempt has of the agent while it runs.
package struct StageContext: Sendable {
    package var agent: String
    /// For logs, and to be ended.
    package var channel: any ControllerChannel
    package var stop: StopSignal
    /// Tells people who wait what is being done.
    package var progress: @Sendable (String) -> Void
    /// Says that a repository, by its normalised URL, is at hand now.
    package var mirrored: @Sendable (String) -> Void

    package init(
        agent: String, channel: any ControllerChannel, stop: StopSignal = StopSignal(),
        progress: @escaping @Sendable (String) -> Void = { _ in },
        mirrored: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.agent = agent
        self.channel = channel
        self.stop = stop
        self.progress = progress
        self.mirrored = mirrored
    }
}
