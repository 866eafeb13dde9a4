internal import AgentProtocol
internal import Execution
internal import Model

/// One attempt at a stage, from its secrets to its outcome.
struct StageAttempt: Sendable {
    /// Between SIGTERM and SIGKILL where the time is over.
    private static let grace = Duration.seconds(10)

    let assignment: Assignment
    let context: StageContext
    let executor: WorkExecutor

    var work: StageWork { assignment.work }

    init(_ assignment: Assignment, context: StageContext, executor: WorkExecutor) {
        self.assignment = assignment
        self.context = context
        self.executor = executor
    }

    func run() async -> StageOutcome {
        // A fault of the work, which every agent of these rules would find: declined, it would only come back, and the
        // agent be passed over for all others meanwhile.
        if let refusal = executor.secretRules.refusal(of: work) {
            return .failure(AgentReason.secretNotAllowed, refusal)
        }
        let secrets: StageSecrets
        do {
            secrets = try StageSecrets(work, in: executor.secrets)
        } catch {
            return .failure(AgentReason.secretUnavailable, "\(error)")
        }
        let log = StageLog(assignment, context: context, masker: secrets.masker)
        var outcome = await withTaskGroup(of: Void.self) { group in
            group.addTask { await log.run() }
            group.addTask {
                // Cancelled when the work ends first.
                guard (try? await BootClock().sleep(for: .seconds(work.timeoutSeconds))) != nil else { return }
                context.stop.request(.terminate(grace: Self.grace), cause: .timedOut)
            }
            let outcome = await perform(secrets, log)
            group.cancelAll()
            return outcome
        }
        context.stop.whenRequested(nil)
        outcome = secrets.masked(outcome)
        switch outcome.result {
        case .succeeded: break
        case .failed, .timedOut, .cancelled: log.say("▸ \(outcome.message ?? outcome.result.rawValue)")
        }
        log.finish()
        return outcome
    }

    /// The outcome where somebody wants the attempt to end; nil where nobody does.
    func interruption() -> StageOutcome? {
        switch context.stop.cause {
        case .timedOut?:
            var outcome = StageOutcome(
                .timedOut,
                message: "the stage had not ended after its limit of \(work.timeoutSeconds) s (timeoutSeconds)")
            outcome.reason = Reason.timeout
            return outcome
        case .stopped?:
            var outcome = StageOutcome(.cancelled, message: "the stage was stopped")
            outcome.reason = Reason.cancelled
            return outcome
        case nil: return nil
        }
    }

    private func perform(_ secrets: StageSecrets, _ log: StageLog) async -> StageOutcome {
        if work.script == nil { return await KindAttempt(attempt: self, secrets: secrets, log: log).run() }
        do {
            let workspace = try executor.makeWorkspace(for: assignment.fence)
            if let source = work.source {
                if let outcome = await checkOut(source, into: workspace, secrets, log) { return outcome }
            } else {
                try workspace.makeEmptyCheckout()
            }
            if let outcome = interruption() { return outcome }
            let environment = try await environment(workspace, secrets)
            var outcome = try await run(Script(work.script ?? ""), in: workspace, environment, secrets, log)
            let results = ResultsFile.read(workspace.results)
            for warning in results.warnings { log.say("▸ warning: \(warning)") }
            for result in results.results {
                outcome.results.removeAll { $0.name == result.name }
                outcome.results.append(Param(name: result.name, value: result.value))
            }
            return outcome
        } catch {
            return .failure(AgentReason.agentTrouble, "the agent can't run the stage: \(error)")
        }
    }

    // MARK: Source

    /// How long to wait before asking again a server that could not be reached, in seconds: a network that was away for
    /// a moment costs no attempt.
    private static let checkoutWaits = [1, 2, 4]

    /// Nil where the source is there.
    private func checkOut(
        _ source: ResolvedSource, into workspace: Workspace, _ secrets: StageSecrets, _ log: StageLog
    ) async -> StageOutcome? {
        let shown = (try? GitURL(source.url))?.text ?? source.url
        log.say("▸ git clone \(shown) at \(source.revision.prefix(12))")
        let mirrors = executor.mirrors
        // A task of its own, awaited right here, since only this step is to be cancelled by a stop.
        let clone = Task<GitError?, Never> {
            var waits = Self.checkoutWaits[...]
            while true {
                do throws(GitError) {
                    try await mirrors.checkOut(
                        source.url, commit: source.revision, ref: source.ref, into: workspace.checkout,
                        credentials: secrets.credentials)
                    return nil
                } catch {
                    guard error.isRetriable, let wait = waits.popFirst(), !Task.isCancelled else { return error }
                    log.say("  \(error.description); trying again in \(wait) s")
                    guard (try? await Task.sleep(for: .seconds(wait))) != nil else { return error }
                }
            }
        }
        context.stop.whenRequested { _ in clone.cancel() }
        let failure = await clone.value
        context.stop.whenRequested(nil)
        if let outcome = interruption() { return outcome }
        guard let failure else {
            context.mirrored(RepositoryURL.normalised(source.url))
            return nil
        }
        return .failure(Reason.sourceUnavailable, failure.description)
    }

    // MARK: Environment

    private func environment(_ workspace: Workspace, _ secrets: StageSecrets) async throws -> [String: String] {
        var variables: [String: String] = [:]
        for variable in work.env { variables[variable.name] = variable.value }
        for (name, value) in try secrets.variables(in: workspace) { variables[name] = value }
        variables["MARTLET_FENCE"] = assignment.fence.description
        return StageEnvironment.make(
            agent: executor.environment, attempt: workspace, cache: await executor.cacheFolder(for: assignment),
            variables: variables)
    }

    // MARK: Script

    private func run(
        _ script: Script, in workspace: Workspace, _ environment: [String: String], _ secrets: StageSecrets,
        _ log: StageLog
    ) async throws -> StageOutcome {
        try script.write(to: workspace.script)
        let search = ExecutableSearch(path: environment["PATH"] ?? StageEnvironment.defaultPath)
        let (executable, arguments) = script.invocation(file: workspace.script, search: search)
        let isOwn = executable == workspace.script
        log.say(isOwn ? "▸ run (by its own first line)" : "▸ run (\(executable.split(separator: "/").last ?? "sh"))")
        let process: StageProcess
        do {
            process = try await StageProcess.start(
                Command(executable, arguments, environment: environment, workingDirectory: workspace.checkout))
        } catch {
            return .failure(Reason.failure, error.description)
        }
        context.stop.whenRequested { process.obey($0) }
        for await lines in process.lines(masking: secrets.masker) { await log.write(lines) }
        let exit = await process.exit()
        context.stop.whenRequested(nil)
        return outcome(exit, log)
    }

    private func outcome(_ exit: ProcessExit, _ log: StageLog) -> StageOutcome {
        if exit.leftovers > 0 { log.say("▸ \(exit.leftovers) processes were still running and were killed") }
        if exit.isSuccess { return StageOutcome(.succeeded) }
        if exit.cause != .itself, let outcome = interruption() { return outcome }
        var outcome = StageOutcome.failure(Reason.failure, exit.description)
        if case (.code(let code), .itself) = (exit.status, exit.cause) {
            let last = log.lastLine
            outcome.exitCode = Int(code)
            outcome.message = "exit code \(code)" + (last.isEmpty ? "" : ": \(last)")
        }
        return outcome
    }
}

extension StageOutcome {
    static func failure(_ reason: String, _ message: String) -> StageOutcome {
        var outcome = StageOutcome(.failed, message: message)
        outcome.reason = reason
        return outcome
    }
}

extension StageProcess {
    func obey(_ request: StopSignal.Request) {
        switch request {
        case .terminate(let grace): terminate(grace: grace)
        case .kill: kill()
        }
    }
}
