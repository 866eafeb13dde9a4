internal import Synchronization

/// One attempt of a stage on its way: its folders, its checkout, its programs.
package final class StageExecution: Sendable {
    /// Takes the stage's output, a batch of lines at a time. The stage waits while it works.
    package typealias Output = @Sendable ([OutputLine]) async -> Void

    let job: StageJob
    let runner: StageRunner
    let masker: Masker
    private let deadline: BootClock.Instant

    private struct State {
        var process: StageProcess?
        var checkout: Task<Void, Never>?
        var stop: Stop?
        var workspace: Workspace?
        var cache: CacheFolder.Use?
    }
    private enum Stop {
        case graceful(Duration)
        case now
    }
    private let state = Mutex(State())

    init(job: StageJob, runner: StageRunner) {
        self.job = job
        self.runner = runner
        deadline = BootClock().now.advanced(by: job.timeout)
        let credentials = job.source?.credentials?.password
        masker = Masker(
            secrets: job.secretVariables.values.map { Array($0.utf8) } + job.secretFiles.values + job.otherSecrets
                + (credentials.map { [Array($0.utf8)] } ?? []))
    }

    // MARK: Stopping

    /// Asks the stage to end (SIGTERM to its whole tree), and ends it after the grace. Returns at once; no program of
    /// the stage starts any more.
    package func stop(grace: Duration) {
        interrupt(.graceful(grace))
    }

    /// Kills the stage. Returns at once.
    package func kill() {
        interrupt(.now)
    }

    private func interrupt(_ stop: Stop) {
        let (process, checkout) = state.withLock { state in
            state.stop = stop
            return (state.process, state.checkout)
        }
        checkout?.cancel()
        guard let process else { return }
        switch stop {
        case .graceful(let grace): process.terminate(grace: grace)
        case .now: process.kill()
        }
    }

    private var isStopped: Bool {
        state.withLock { $0.stop != nil }
    }

    // MARK: Running

    /// Runs the attempt to its end. When it returns, no process of it is left, and its outcome can be told; what remains
    /// is `cleanUp`.
    package func run(output: @escaping Output) async -> StageOutcome {
        let workspace: Workspace
        do {
            workspace = try Workspace.make(in: runner.folder, named: job.name)
        } catch {
            return StageOutcome(.broken(isRetriable: true), message: error.description)
        }
        state.withLock { $0.workspace = workspace }
        var outcome = await run(in: workspace, output: output)
        if job.keepsWorkspace { outcome.workspace = workspace.root }
        return masked(outcome)
    }

    /// Removes the attempt's folder, unless it is to be kept, and keeps the caches within their bound. To be called once
    /// the outcome has been told: a large folder takes its time.
    package func cleanUp() async throws(SystemError) {
        let workspace = state.withLock { state in
            state.cache = nil
            defer { state.workspace = nil }
            return state.workspace
        }
        if job.source != nil { await runner.cache.prune() }
        if let workspace, !job.keepsWorkspace { try await workspace.remove() }
    }

    private func run(in workspace: Workspace, output: @escaping Output) async -> StageOutcome {
        let start = BootClock().now
        var outcome = StageOutcome(.succeeded)
        do {
            if let source = job.source {
                outcome.hasFetched = try await checkOut(source, into: workspace.checkout)
                outcome.checkoutTime = start.duration(to: BootClock().now)
            } else {
                try workspace.makeEmptyCheckout()
            }
        } catch let error as GitError where !isStopped {
            return StageOutcome(.broken(isRetriable: error.isRetriable), message: error.description)
        } catch is TimeIsOver {
            return timedOut(outcome)
        } catch {
            if isStopped { return StageOutcome(.cancelled, message: "stopped before it began") }
            return StageOutcome(.broken(isRetriable: true), message: "\(error)")
        }
        do {
            let environment = try await environment(for: workspace)
            if let script = job.script {
                try await run(script, in: workspace, environment, &outcome, output)
            } else {
                try await runKind(in: workspace, environment, &outcome, output)
            }
        } catch let error as KindError {
            outcome.ending = .failed
            outcome.message = error.description
        } catch let error as StartError {
            // A shell or a tool that can't be run is the agent's lack, not the machine's mood.
            outcome.ending = .broken(isRetriable: error.isRetriable)
            outcome.message = error.description
        } catch is TimeIsOver {
            return timedOut(outcome)
        } catch {
            outcome.ending = .broken(isRetriable: true)
            outcome.message = "\(error)"
        }
        if isStopped, outcome.ending != .succeeded {
            outcome.ending = .cancelled
            if outcome.message.isEmpty { outcome.message = "was stopped" }
        }
        let file = ResultsFile.read(workspace.results)
        for warning in file.warnings { await say(warning, output) }
        outcome.results += file.results
        return outcome
    }

    private struct TimeIsOver: Error {}

    private func timedOut(_ outcome: StageOutcome) -> StageOutcome {
        var outcome = outcome
        outcome.ending = .timedOut
        outcome.message = "timed out after \(job.timeout.components.seconds) s"
        return outcome
    }

    private func checkOut(_ source: StageJob.Source, into folder: String) async throws -> Bool {
        let result = Mutex<Result<Bool, any Error>>(.failure(TimeIsOver()))
        let task = Task {
            do {
                let hasFetched = try await runner.mirrors.checkOut(
                    source.url, commit: source.commit, ref: source.ref, into: folder, credentials: source.credentials)
                result.withLock { $0 = .success(hasFetched) }
            } catch {
                result.withLock { $0 = .failure(error) }
            }
        }
        let isStopped = state.withLock { state in
            state.checkout = task
            return state.stop != nil
        }
        if isStopped { task.cancel() }
        let deadline = deadline
        let alarm = Task {
            try await BootClock().sleep(until: deadline, tolerance: nil)
            task.cancel()
        }
        await task.value
        alarm.cancel()
        state.withLock { $0.checkout = nil }
        if BootClock().now >= deadline { throw TimeIsOver() }
        return try result.withLock { try $0.get() }
    }

    private func environment(for workspace: Workspace) async throws -> [String: String] {
        var variables = job.variables.merging(job.secretVariables) { _, secret in secret }
        if !job.secretFiles.isEmpty { variables["MARTLET_SECRETS"] = workspace.secrets }
        for (name, value) in job.secretFiles.sorted(by: { $0.key < $1.key }) {
            guard !name.isEmpty, name != ".", name != "..", !name.contains("/") else {
                throw KindError("`\(name)` can't be the name of a secret's file")
            }
            _ = try workspace.writeSecret(value, named: name)
        }
        var cache: CacheFolder.Use?
        if let source = job.source {
            // Without a cache a stage is slower, and that is all.
            cache = try? await runner.cache.use(repository: try? GitURL(source.url), trust: job.trust)
            let used = cache
            state.withLock { $0.cache = used }
        }
        return StageEnvironment.make(
            agent: runner.environment, attempt: workspace, cache: cache?.path, variables: variables)
    }

    private func run(
        _ text: String, in workspace: Workspace, _ environment: [String: String], _ outcome: inout StageOutcome,
        _ output: @escaping Output
    ) async throws {
        let script = Script(text)
        try script.write(to: workspace.script)
        let search = ExecutableSearch(path: environment["PATH"] ?? "")
        let (executable, arguments) = script.invocation(file: workspace.script, search: search)
        let command = Command(executable, arguments, environment: environment, workingDirectory: workspace.checkout)
        guard let exit = try await run(command, &outcome, onLines: output) else { return }
        judge(exit, &outcome)
    }

    private func judge(_ exit: ProcessExit, _ outcome: inout StageOutcome) {
        switch exit.cause {
        case .itself where exit.isSuccess: return
        case .itself: outcome.ending = .failed
        case .timeout: return outcome = timedOut(outcome)
        case .terminated, .killed: outcome.ending = .cancelled
        case .supervisorLost: outcome.ending = .broken(isRetriable: true)
        }
        outcome.message = exit.description
    }

    /// Nil if the stage was stopped before the program started.
    private func run(
        _ command: Command, _ outcome: inout StageOutcome, onLines: ([OutputLine]) async -> Void
    ) async throws -> ProcessExit? {
        var command = command
        let left = BootClock().now.duration(to: deadline)
        guard left > .zero else { throw TimeIsOver() }
        command.timeout = left
        command.grace = job.grace
        guard !isStopped else {
            outcome.ending = .cancelled
            outcome.message = "stopped before it began"
            return nil
        }
        let process = try await StageProcess.start(command)
        let stop = state.withLock { state in
            state.process = process
            return state.stop
        }
        // The stop may have come while the program was being started.
        if let stop { interrupt(stop) }
        for await lines in process.lines(masking: masker) { await onLines(lines) }
        let exit = await process.exit()
        state.withLock { $0.process = nil }
        if case .code(let code) = exit.status { outcome.exitCode = code }
        outcome.userTime += exit.userTime
        outcome.systemTime += exit.systemTime
        outcome.maxResidentBytes = max(outcome.maxResidentBytes, exit.maxResidentBytes)
        return exit
    }

    private func runKind(
        in workspace: Workspace, _ environment: [String: String], _ outcome: inout StageOutcome,
        _ output: @escaping Output
    ) async throws {
        guard let kind = StageKinds.named(job.kind) else {
            throw KindError("agents of kind `\(job.kind)` have no job of their own: the stage needs `run:`")
        }
        guard job.source != nil else {
            throw KindError(
                "the run has no source, so there is nothing to look at: name a repository in the pipeline's `source.url`, "
                    + "or with --url or --source")
        }
        let project = await Project.scan(workspace.checkout)
        let search = ExecutableSearch(path: environment["PATH"] ?? "")
        let plan = try kind.plan(
            KindSubject(project: project, settings: job.settings, search: search, reports: workspace.reports))
        for note in plan.notes { await say(note, output) }
        var judgement = KindJudgement(plan: plan, root: workspace.checkout)
        for step in plan.steps {
            await output([OutputLine(text: masker.mask("$ \(step.line)"))])
            let command = Command(
                step.executable, step.arguments, environment: environment.merging(step.environment) { $1 },
                workingDirectory: workspace.checkout, standardOutput: step.outputFile.map { .file($0) } ?? .stream,
                standardError: step.outputFile == nil ? .withOutput : .stream)
            var tally = step.reading.tallied.map(OutputTally.init)
            var lastLine = ""
            let exit = try await run(command, &outcome) { lines in
                for line in lines { tally?.read(line.text) }
                if let last = lines.last(where: { !$0.text.allSatisfy(\.isWhitespace) }) { lastLine = last.text }
                await output(lines)
            }
            guard let exit else { return }
            if exit.cause != .itself { return judge(exit, &outcome) }
            if !judgement.take(step, exit: exit, tally: tally, lastLine: lastLine.singleLine) { break }
        }
        let result = judgement.finish()
        let lines = result.findings.kept.map { OutputLine(text: masker.mask(cut: $0.text.singleLine)) }
        if !lines.isEmpty { await output(lines) }
        if result.findings.total > lines.count {
            await say("… and \(result.findings.total - lines.count) more findings", output)
        }
        outcome.findings = result.findings
        outcome.tests = result.tests
        outcome.results = result.results
        for path in result.reports {
            let (bytes, isCut) = try FileSystem.read(path, limit: 4 << 20)
            if !isCut { outcome.reports.append(.init(name: Project.name(of: path), bytes: bytes)) }
        }
        if let failure = result.failure {
            outcome.ending = .failed
            outcome.message = failure
        }
    }

    private func say(_ text: String, _ output: Output) async {
        await output([OutputLine(stream: .standardError, text: masker.mask("▸ \(text)"))])
    }

    private func masked(_ outcome: StageOutcome) -> StageOutcome {
        var outcome = outcome
        outcome.message = masker.mask(cut: outcome.message)
        for index in outcome.results.indices {
            outcome.results[index].value = masker.mask(outcome.results[index].value)
        }
        outcome.findings.mask(masker)
        if var tests = outcome.tests {
            for index in tests.failed.indices {
                tests.failed[index].name = masker.mask(tests.failed[index].name)
                tests.failed[index].suite = masker.mask(tests.failed[index].suite)
                tests.failed[index].path = tests.failed[index].path.map { masker.mask($0) }
                tests.failed[index].message = masker.mask(cut: tests.failed[index].message)
            }
            outcome.tests = tests
        }
        for index in outcome.reports.indices {
            outcome.reports[index].bytes = masker.mask(outcome.reports[index].bytes)
        }
        return outcome
    }
}

extension KindPlan.Reading {
    fileprivate var tallied: OutputTally.Format? {
        switch self {
        case .unittest: .unittest
        case .cargoTest: .cargo
        case .goTest: .go
        default: nil
        }
    }
}

extension String {
    fileprivate var singleLine: String {
        split(whereSeparator: \.isNewline).joined(separator: " ")
    }
}
