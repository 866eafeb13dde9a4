import AgentProtocol
import Execution
import Logging
import Model
import Synchronization
import Testing

@testable import Agent

struct AgentServiceTests {
    /// Ends an attempt when it is told to.
    final class FakeExecutor: StageExecutor {
        let requests = Mutex<[StopSignal.Request]>([])
        /// One for each work that has begun to wait.
        let (waits, waiting) = AsyncStream<Void>.makeStream()

        func execute(_ assignment: Assignment, context: StageContext) async -> StageOutcome {
            guard assignment.work.script == "wait" else { return StageOutcome(.succeeded) }
            await withCheckedContinuation { continuation in
                context.stop.whenRequested { request in
                    let isFirst = self.requests.withLock { requests in
                        requests.append(request)
                        return requests.count == 1
                    }
                    if isFirst { continuation.resume() }
                }
                waiting.yield()
            }
            return StageOutcome(.cancelled)
        }
    }

    struct Setting {
        let channel = FakeChannel()
        let executor = FakeExecutor()
        let service: AgentService
        let instance: String

        init(slots: Int = 4, storage: (any OutboxStorage)? = nil, executor: (any StageExecutor)? = nil) throws {
            var configuration = AgentConfiguration(kinds: ["shell", "noop"], id: "a")
            configuration.slots = slots
            instance = configuration.instance
            service = try AgentService(
                configuration: configuration, channel: channel, executor: executor ?? self.executor, storage: storage,
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        }

        func assign(_ number: Int, _ change: (inout StageWork) -> Void = { _ in }) {
            service.handle(.message(.assign(assignment(number, for: instance, change))))
        }
    }

    @Test func `it claims, runs, reports and leaves`() async throws {
        let setting = try Setting()
        async let end: Void = setting.service.run()
        setting.service.handle(.ready(inboxPartition: 2))
        setting.assign(1)
        let outcome = await setting.channel.finished(fence(1))
        #expect(outcome?.result == .succeeded)
        setting.service.drain()
        try await end
        let state = setting.channel.state.withLock { ($0.reports, $0.presences) }
        #expect(state.0.map(\.fence) == [fence(1), fence(1)])
        #expect(state.0.allSatisfy { $0.instance == setting.instance && $0.agent == "a" })
        #expect(state.1.first?.inboxPartition == 2)
        #expect(state.1.last?.isLeaving == true)
    }

    @Test func `a stop that comes right behind its assignment is not lost`() async throws {
        let setting = try Setting()
        async let end: Void = setting.service.run()
        setting.service.handle(.ready(inboxPartition: 0))
        setting.assign(1) { $0.script = "wait" }
        let order = assignment(1, for: setting.instance) { $0.script = "wait" }
        setting.service.handle(.message(stop(order, reason: "enough")))
        let outcome = await setting.channel.finished(fence(1))
        #expect(outcome?.result == .cancelled)
        #expect(outcome?.message == "enough")
        #expect(setting.executor.requests.withLock { $0 } == [.terminate(grace: .seconds(10))])
        setting.service.shutDown()
        try await end
    }

    @Test func `a second SIGTERM kills what runs`() async throws {
        let setting = try Setting()
        async let end: Void = setting.service.run()
        setting.service.handle(.ready(inboxPartition: 0))
        setting.assign(1) { $0.script = "wait" }
        // Before it runs there is nothing to kill.
        for await _ in setting.executor.waits { break }
        setting.service.drain()
        setting.service.shutDown()
        try await end
        #expect(setting.executor.requests.withLock { $0 } == [.kill])
        #expect(setting.channel.state.withLock { $0.outcome(of: fence(1))?.reason } == AgentReason.drained)
    }

    @Test func `cancelling it ends what runs`() async throws {
        let setting = try Setting()
        let running = Task { try await setting.service.run() }
        setting.service.handle(.ready(inboxPartition: 0))
        setting.assign(1) { $0.script = "wait" }
        await setting.channel.until { !$0.reports.isEmpty }
        running.cancel()
        try await running.value
    }

    @Test func `instances of agents in the controller's process can be told apart`() {
        let inProcess = AgentConfiguration(kinds: ["noop"], isInProcess: true).instance
        let own = AgentConfiguration(kinds: ["noop"]).instance
        #expect(inProcess.hasPrefix("in-process.") && inProcess.utf8.count == 43)
        #expect(own.hasPrefix("i.") && own.utf8.count == 34)
    }

    @Test func `a thousand stages go through, one after the other and side by side`() async throws {
        let setting = try Setting(slots: 5000, executor: ExecutorByKind(work: FakeExecutor()))
        async let end: Void = setting.service.run()
        setting.service.handle(.ready(inboxPartition: 0))
        let began = ContinuousClock.now
        for number in 0..<4000 { setting.assign(number) { $0.kind = NoopExecutor.kind } }
        await setting.channel.until { $0.reports.count == 8000 }
        print("4000 no-op stages took \(ContinuousClock.now - began)")
        setting.service.drain()
        try await end
        #expect(setting.channel.state.withLock { $0.presences.count } < 10)
    }

    @Test func `what it had ended and nobody heard survives it`() async throws {
        let folder = TemporaryFolder()
        var instances: [String] = []
        do {
            let setting = try Setting(storage: OutboxJournal(folder: folder.path))
            instances.append(setting.instance)
            let running = Task { try await setting.service.run() }
            setting.service.handle(.ready(inboxPartition: 0))
            setting.assign(1) { $0.script = "wait" }
            await setting.channel.until { !$0.reports.isEmpty }
            setting.channel.change { $0.storesReports = false }
            let order = assignment(1, for: setting.instance) { $0.script = "wait" }
            setting.service.handle(.message(stop(order)))
            await setting.channel.until { !$0.held.isEmpty }
            running.cancel()
            try await running.value
            setting.channel.change { $0.held = [] }
        }
        let setting = try Setting(storage: OutboxJournal(folder: folder.path))
        async let end: Void = setting.service.run()
        setting.service.handle(.ready(inboxPartition: 0))
        let outcome = await setting.channel.finished(fence(1))
        #expect(outcome?.result == .cancelled)
        #expect(setting.channel.state.withLock { $0.reports.map(\.instance) } == instances)
        setting.service.drain()
        try await end
        await folder.remove()
    }
}
