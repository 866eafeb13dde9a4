package import AgentProtocol
internal import Execution
internal import Glibc
package import Model
internal import Synchronization

/// Runs stages as processes of this machine, each in a fresh workspace.
package final class WorkExecutor: StageExecutor {
    let environment: [String: String]
    let secrets: SecretStore
    let secretRules: SecretRules
    let mirrors: GitMirrors
    let cache: CacheFolder
    let workFolder: String
    private let folder: String
    private let isTemporary: Bool
    let keepsWorkspaces: Bool

    private struct State {
        var workspaces: [Fence: Workspace] = [:]
        var cachesInUse: [Fence: CacheFolder.Use] = [:]
        var executions: [Fence: StageExecution] = [:]
        var ended = 0
    }
    private let state = Mutex(State())
    /// How often disk space is looked after, in ended attempts.
    private static let pruneInterval = 50

    /// - Parameter environment: The agent's own, of which stages get only what `StageEnvironment` lets through.
    package init(_ configuration: AgentConfiguration, environment: [String: String]) {
        isTemporary = configuration.stateFolder == nil
        folder = configuration.stateFolder ?? "/tmp/martlet-\(configuration.instance)"
        self.environment = environment
        secretRules = configuration.secretRules
        secrets = SecretStore(folder: configuration.secretsFolder, environment: environment)
        var transports: Set<GitURL.Transport> = [.https, .ssh, .git, .http]
        if configuration.allowsLocalSources { transports.insert(.file) }
        mirrors = GitMirrors(
            folder: "\(folder)/git", environment: environment, allowed: transports,
            limitBytes: configuration.mirrorBytes)
        cache = CacheFolder(parent: "\(folder)/cache", limitBytes: configuration.cacheBytes)
        workFolder = "\(folder)/work"
        keepsWorkspaces = configuration.keepsWorkspaces
    }

    package func cachedRepositories() async -> [String] {
        mirrors.cachedRepositories()
    }

    package func execute(_ assignment: Assignment, context: StageContext) async -> StageOutcome {
        let startTime = AgentTime.now().wall
        let attempt = StageAttempt(assignment, context: context, executor: self)
        var outcome = await withTaskCancellationHandler {
            await attempt.run()
        } onCancel: {
            context.stop.request(.kill)
        }
        outcome.startTime = startTime
        outcome.completionTime = AgentTime.now().wall
        return outcome
    }

    package func release(_ fence: Fence) async {
        let (workspace, execution, isTimeToPrune) = state.withLock { state in
            state.cachesInUse[fence] = nil
            state.ended += 1
            return (
                state.workspaces.removeValue(forKey: fence), state.executions.removeValue(forKey: fence),
                state.ended % Self.pruneInterval == 0
            )
        }
        try? await execution?.cleanUp()
        // What can't be removed is left: the next start of an agent with this folder sees to it.
        if let workspace, !keepsWorkspaces { try? await workspace.remove() }
        if isTimeToPrune {
            await cache.prune()
            await mirrors.prune()
        }
    }

    /// Moves aside what an agent that was killed has left. The folder must be this agent's alone.
    package func prepare() async {
        guard !keepsWorkspaces, FileSystem.exists(workFolder) else { return }
        rename(workFolder, "\(folder)/\(Self.leftPrefix)\(UInt64.random(in: .min ... .max))")
    }

    package func removeLeftovers() async {
        for name in FileSystem.names(in: folder) where name.hasPrefix(Self.leftPrefix) {
            try? await FileTree.remove("\(folder)/\(name)")
        }
    }

    package func close() async {
        if isTemporary, !keepsWorkspaces { try? await FileTree.remove(folder) }
    }

    private static let leftPrefix = "left-"

    /// Runs what a kind does without a script.
    private var runner: StageRunner {
        StageRunner(folder: workFolder, mirrors: mirrors, cache: cache, environment: environment)
    }

    /// What a kind does; cleaned up with the attempt.
    func execution(of job: StageJob, for fence: Fence) -> StageExecution {
        let execution = runner.execution(of: job)
        state.withLock { $0.executions[fence] = execution }
        return execution
    }

    func makeWorkspace(for fence: Fence) throws(SystemError) -> Workspace {
        let workspace = try Workspace.make(in: workFolder, named: "\(fence.stage)-\(fence.attempt)")
        state.withLock { $0.workspaces[fence] = workspace }
        return workspace
    }

    /// Stages without secrets and stages with some never share a cache: what the ones leave there must not reach the
    /// others. Nor do namespaces, or pipelines without a repository; and what a fork leaves reaches forks alone.
    func trust(of work: StageWork) -> String {
        let level =
            switch work.trust {
            case .fork: "fork"
            case .trusted: work.secrets.isEmpty && work.credentials == nil ? "open" : "secrets"
            }
        return "\(work.namespace ?? "-")/\(work.source == nil ? work.pipeline : "")/\(level)"
    }

    func cacheFolder(for assignment: Assignment) async -> String? {
        let work = assignment.work
        let repository = work.source.flatMap { try? GitURL($0.url) }
        guard let use = try? await cache.use(repository: repository, trust: trust(of: work)) else { return nil }
        state.withLock { $0.cachesInUse[assignment.fence] = use }
        return use.path
    }
}
