internal import AgentProtocol
package import Logging
internal import Model
internal import Synchronization
internal import Threads

/// An agent: performs what its machine decides.
///
/// Events come from any thread. They are handled one after the other, by whichever thread finds nobody doing it, and
/// what follows is done before the next event is looked at: so a stop never overtakes its start, and nothing waits for a
/// thread switch. Nothing that is done on the way blocks.
///
/// The mailbox needs no bound of its own: an event is a message that the channel has let through, or the one answer to
/// something that the agent has done.
package final class AgentService: Sendable {
    private struct State: Sendable {
        var machine: AgentMachine
        var events = Queue<AgentEvent>()
        var isHandling = false
        var underWay: [Fence: Start] = [:]
    }

    private struct Start: Sendable {
        var assignment: Assignment
        var stop: StopSignal

        /// What lines of the log about it are about.
        var metadata: Logger.Metadata {
            let work = assignment.work
            var metadata: Logger.Metadata = [
                "run": "\(work.run)", "stage": "\(work.stage)", "attempt": "\(assignment.fence.attempt)",
            ]
            if let namespace = work.namespace { metadata["namespace"] = "\(namespace)" }
            return metadata
        }
    }

    private let configuration: AgentConfiguration
    private let channel: any ControllerChannel
    private let executor: any StageExecutor
    private let storage: (any OutboxStorage)?
    private let logger: Logger
    private let timer = BootTimer()
    private let state: Mutex<State>
    private let starts: AsyncStream<Start>
    private let startsEnd: AsyncStream<Start>.Continuation

    /// - Parameters:
    ///   - storage: Where reports outlive the process; nil where the agent has no state folder.
    /// - Throws: where the storage can't be read, since another agent uses it, say.
    package init(
        configuration: AgentConfiguration, channel: any ControllerChannel, executor: any StageExecutor,
        storage: (any OutboxStorage)?, logger: Logger
    ) throws {
        var settings = configuration.settings
        settings.keepsReports = storage != nil
        let kept = try storage?.load() ?? []
        state = Mutex(State(machine: AgentMachine(settings, kept: kept)))
        self.configuration = configuration
        self.channel = channel
        self.executor = executor
        self.storage = storage
        var logger = logger
        logger[metadataKey: "agent"] = "\(configuration.id)"
        self.logger = logger
        (starts, startsEnd) = AsyncStream.makeStream()
        if !kept.isEmpty { logger.info("\(kept.count) results of a former process wait to be sent") }
    }

    /// Takes what the channel has to say. Never blocks; may be called from any thread.
    package func handle(_ event: ControllerChannelEvent) {
        post(.channel(event))
    }

    /// SIGTERM: takes nothing more, finishes what runs within the grace period, and lets `run()` return.
    package func drain() {
        logger.info("draining")
        post(.drainRequested)
    }

    /// A second SIGTERM: ends everything now.
    package func shutDown() {
        logger.notice("ending everything")
        post(.shutdownRequested)
    }

    /// Works until it has been drained, or its task is cancelled (which kills what runs).
    package func run() async throws {
        await executor.prepare()
        timer.start { [weak self] in self?.post(.woke) }
        for url in await executor.cachedRepositories().reversed() { post(.mirrored(url)) }
        await withDiscardingTaskGroup { group in
            group.addTask { await self.executor.removeLeftovers() }
            for await start in starts {
                group.addTask { await self.work(start) }
            }
            // Whoever is still there was not asked to end: this service was cancelled.
            let underWay = state.withLock { Array($0.underWay.values) }
            for start in underWay { start.stop.request(.kill) }
        }
        timer.close()
        await executor.close()
        if let storage {
            await withCheckedContinuation { continuation in
                NamedThread.startOrTrap("martlet-outbox") {
                    storage.close()
                    continuation.resume()
                }
            }
        }
        logger.info("ended")
    }

    // MARK: Events

    private func post(_ event: AgentEvent) {
        let isMine = state.withLock { state in
            state.events.append(event)
            guard !state.isHandling else { return false }
            state.isHandling = true
            return true
        }
        guard isMine else { return }
        while let actions = nextActions() {
            for action in actions { perform(action) }
        }
    }

    private func nextActions() -> [AgentAction]? {
        state.withLock { state in
            guard let event = state.events.popFirst() else {
                state.isHandling = false
                return nil
            }
            return state.machine.handle(event, at: .now())
        }
    }

    // MARK: Actions

    private func perform(_ action: AgentAction) {
        switch action {
        case .send(let report, let number):
            logger.trace("\(report.fence): \(report.event)")
            channel.send(report) { isStored in
                self.post(isStored ? .reportAcknowledged(number) : .reportRefused(number))
            }
        case .mention(let report): channel.send(report) { _ in }
        case .announce(let presence):
            let sequence = presence.sequence
            channel.announce(presence) { isStored in
                self.post(isStored ? .presenceAcknowledged(sequence: sequence) : .presenceLost(sequence: sequence))
            }
        case .start(let assignment):
            let start = Start(assignment: assignment, stop: StopSignal())
            logger.debug("starts", metadata: start.metadata)
            state.withLock { $0.underWay[assignment.fence] = start }
            startsEnd.yield(start)
        case .terminate(let fence, let grace):
            guard let start = underWay(fence) else { break }
            logger.info("is being stopped", metadata: start.metadata)
            start.stop.request(.terminate(grace: .seconds(grace)))
        case .kill(let fence):
            guard let start = underWay(fence) else { break }
            logger.notice("is being killed", metadata: start.metadata)
            start.stop.request(.kill)
        case .keep(let report, let number): storage?.keep(report, number: number)
        case .drop(let number): storage?.drop(number)
        case .wake(let uptime): timer.set(at: uptime)
        case .expectTraffic(let expected): channel.expectTraffic(expected)
        case .exit: startsEnd.finish()
        }
    }

    private func underWay(_ fence: Fence) -> Start? {
        state.withLock { $0.underWay[fence] }
    }

    // MARK: Work

    private func work(_ start: Start) async {
        let fence = start.assignment.fence
        let context = StageContext(
            agent: configuration.id, channel: channel, stop: start.stop,
            progress: { self.post(.workProgressed(fence, message: $0)) }, mirrored: { self.post(.mirrored($0)) })
        let outcome = await executor.execute(start.assignment, context: context)
        state.withLock { $0.underWay[fence] = nil }
        logger.debug("ended: \(outcome.result.rawValue)", metadata: start.metadata)
        post(.workEnded(fence, outcome))
        await executor.release(fence)
    }
}
