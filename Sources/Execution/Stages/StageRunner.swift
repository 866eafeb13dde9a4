/// Runs stages on this machine.
package struct StageRunner: Sendable {
    let folder: String
    let mirrors: GitMirrors
    let cache: CacheFolder
    let environment: [String: String]

    /// - Parameters:
    ///   - folder: Where attempts get their folders.
    ///   - environment: The agent's own; see `StageEnvironment.inherited` for what stages get of it.
    package init(folder: String, mirrors: GitMirrors, cache: CacheFolder, environment: [String: String]) {
        self.folder = folder
        self.mirrors = mirrors
        self.cache = cache
        self.environment = environment
    }

    package func execution(of job: StageJob) -> StageExecution {
        StageExecution(job: job, runner: self)
    }
}
