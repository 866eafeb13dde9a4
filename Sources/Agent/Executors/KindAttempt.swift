internal import AgentProtocol
internal import Execution
internal import Model

/// An attempt at a stage without a script: the kind's own job, by what the repository holds.
struct KindAttempt: Sendable {
    let attempt: StageAttempt
    let secrets: StageSecrets
    let log: StageLog

    private var work: StageWork { attempt.work }
    private var executor: WorkExecutor { attempt.executor }

    func run() async -> StageOutcome {
        let execution: StageExecution
        do {
            execution = executor.execution(of: try job(), for: attempt.assignment.fence)
        } catch {
            return .failure(AgentReason.agentTrouble, "\(error)")
        }
        if let source = work.source {
            log.say("▸ git clone \((try? GitURL(source.url))?.text ?? source.url) at \(source.revision.prefix(12))")
        }
        attempt.context.stop.whenRequested { request in
            switch request {
            case .terminate(let grace): execution.stop(grace: grace)
            case .kill: execution.kill()
            }
        }
        let ended = await execution.run { await log.write($0) }
        attempt.context.stop.whenRequested(nil)
        if ended.checkoutTime != nil, let source = work.source {
            attempt.context.mirrored(RepositoryURL.normalised(source.url))
        }
        var outcome = StageOutcome(ended)
        if ended.ending != .succeeded, let interruption = attempt.interruption() {
            outcome.result = interruption.result
            outcome.reason = interruption.reason
            outcome.message = interruption.message
        } else if case .broken = ended.ending, work.source != nil, ended.checkoutTime == nil {
            outcome.reason = Reason.sourceUnavailable
        }
        return outcome
    }

    private func job() throws -> StageJob {
        var job = StageJob(name: attempt.assignment.fence.description, kind: work.kind)
        for entry in work.with.entries { job.settings[entry.key] = entry.value }
        for variable in work.env { job.variables[variable.name] = variable.value }
        job.variables["MARTLET_FENCE"] = attempt.assignment.fence.description
        // In folders of their own, since the paths have to be known before there is a workspace.
        let folders = secrets.hasFiles ? try executor.makeWorkspace(for: attempt.assignment.fence) : nil
        for (name, value) in try secrets.variables(in: folders) { job.secretVariables[name] = value }
        // Those in files, which the execution doesn't know as secrets.
        job.otherSecrets = secrets.hidden
        job.source = work.source.map {
            StageJob.Source(url: $0.url, commit: $0.revision, ref: $0.ref, credentials: secrets.credentials)
        }
        job.trust = executor.trust(of: work)
        // The attempt's own limit comes first and says more; this one is the backstop.
        job.timeout = .seconds(work.timeoutSeconds + 5)
        job.keepsWorkspace = executor.keepsWorkspaces
        return job
    }
}
