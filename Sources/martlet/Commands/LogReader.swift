internal import Model
internal import Planning
internal import Presentation
internal import Stores

/// Reads a run's output from the state folder.
struct LogReader {
    let home: Home
    /// As the run is looked up.
    let name: String
    /// Its UID.
    let run: String
    let selection: LogSelection

    /// How long the end of the output is waited for once the run has ended: output comes another way than results do.
    private static let patience = Duration.seconds(5)

    private var logs: FolderLogs? {
        get throws {
            do {
                return try FolderLogs(home.folder)
            } catch  where error.kind == .notFound {
                // Nothing has ever been printed here.
                return nil
            }
        }
    }

    /// Gives what there is, stage by stage in the pipeline's order.
    func read(_ view: RunView, _ receive: (LogEntry) throws -> Void) async throws {
        guard let logs = try logs else { return }
        let attempts = try await logs.attempts(run: run).filter { selection.includes($0.fence) }
        for stage in view.stages {
            for attempt in wanted(attempts.filter { $0.fence.stage == stage.id }, of: stage) {
                let query = LogQuery(
                    run: run, stage: stage.id, attempt: attempt.fence.attempt, instance: attempt.instance)
                var position: Int64 = 0
                while case let entries = try await logs.read(query, after: position), let last = entries.last {
                    for entry in entries { try receive(entry) }
                    position = last.position
                }
            }
        }
    }

    /// Of one stage's attempts, in the order in which they began, those to show: of a fence that was run twice the
    /// execution whose result counts.
    private func wanted(_ attempts: [LoggedAttempt], of stage: StageView) -> [LoggedAttempt] {
        if selection.everyAttempt { return attempts }
        guard let number = selection.attempt ?? attempts.map(\.fence.attempt).max() else { return [] }
        let executions = attempts.filter { $0.fence.attempt == number }
        let counted = executions.filter { number == stage.status.attempt && $0.instance == stage.status.instance }
        return counted.isEmpty ? executions.suffix(1) : counted
    }

    /// Gives what there is and then what comes, in the order of arrival, until the run has ended, or all stages that
    /// are wanted have.
    func follow(_ receive: (LogEntry) throws -> Void) async throws {
        let signals = try StateSignals(home.folder)
        defer { signals.close() }
        let (ticks, tick) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let forwarding =
            [StateSignal.logged, .changed].map { signal in
                Task { for await _ in signals.stream(of: signal) { tick.yield() } }
            } + (home.cluster == nil ? [] : [Task { try? await askAgain(tick) }])
        var deadline: (time: ContinuousClock.Instant, alarm: Task<Void, any Error>)?
        defer {
            for task in forwarding { task.cancel() }
            deadline?.alarm.cancel()
        }
        var position: Int64 = 0
        for await _ in ticks {
            // Looked at before the output, so that nothing is missed that comes in between.
            let end = try await end()
            let isToCome = if let end { try await isToCome(end) } else { true }
            try await readOn(&position, receive)
            guard end != nil else { continue }
            if !isToCome { return }
            if let deadline {
                if deadline.time <= .now { return }
            } else {
                let alarm = Task {
                    try await Task.sleep(for: Self.patience)
                    tick.yield()
                }
                deadline = (.now + Self.patience, alarm)
            }
        }
    }

    /// A run's end in a cluster isn't told in the state folder.
    private func askAgain(_ tick: AsyncStream<Void>.Continuation) async throws {
        while true {
            try await Task.sleep(for: .seconds(1))
            tick.yield()
        }
    }

    /// How the run stands; nil unless it has ended, or all stages that are wanted have.
    private func end() async throws -> PipelineRunStatus? {
        let run = try await home.run(name)
        if run.hasEnded { return run.status }
        guard let stages = selection.stages else { return nil }
        return stages.allSatisfy { run.status[stage: $0]?.state.isFinal ?? false } ? run.status : nil
    }

    /// Gives what has come.
    private func readOn(_ position: inout Int64, _ receive: (LogEntry) throws -> Void) async throws {
        guard let logs = try logs else { return }
        while case let entries = try await logs.read(LogQuery(run: run), after: position), let last = entries.last {
            for entry in entries where selection.includes(entry.fence) { try receive(entry) }
            position = last.position
        }
    }

    /// Whether output of what has run is not all there: of an attempt the end is missing, or everything.
    private func isToCome(_ status: PipelineRunStatus) async throws -> Bool {
        let attempts = try await logs?.attempts(run: run).filter { selection.includes($0.fence) } ?? []
        if attempts.contains(where: { !$0.isComplete }) { return true }
        return status.stages.contains { stage in
            let fence = stage.fence(in: run)
            guard stage.startTime != nil, stage.instance != nil, selection.includes(fence) else { return false }
            return !attempts.contains { $0.fence == fence && $0.instance == stage.instance }
        }
    }
}
