import AgentProtocol
import Kafka
import Logging
import Synchronization

/// A process's one link to Kafka, shared by its controller and all its agents.
///
/// One consumer reads every partition that anybody here listens to, and hands each record, decoded once, to its
/// listeners on its own thread; one producer sends what somebody waits for, and another one, made when it is first
/// needed, sends output. So a process with a controller and many agents has one loop of fetches.
///
/// # On the embedded broker
/// A fetch there waits for all of `fetch.wait.max.ms`, which can't be changed on a live consumer. Hence two of them, one
/// quick and one slow: while traffic is expected, and for some seconds after, the quick one has the partitions. Changing
/// over takes the partitions from one (after which no record of it arrives) and gives them to the other one at the
/// positions up to which records have been dispatched, so none is left out and none comes twice.
///
/// # New addresses
/// With each new address everything is made anew: reports not yet acknowledged are answered with `false`, for the new
/// broker knows nothing and everything held has to be said again; output not yet acknowledged is sent to the new one.
package final class KafkaLink: Sendable {
    struct Callbacks: Sendable {
        var receive: @Sendable ([Arrival]) -> Void
        /// Records were deleted before they could be read.
        var missed: @Sendable (KafkaPartition) -> Void = { _ in }
    }

    struct State {
        var session: LinkSession?
        var generation = 0
        var routes = Routes()
        var pace = FetchPace(now: .now)
        var callbacks: [Int: Callbacks] = [:]
        var watchers: [Int: AsyncStream<LinkSession>.Continuation] = [:]
        var commands: [Command] = []
        var lastUser = 0
        var isEnding = false
        var hasEnded = false
        var ending: CheckedContinuation<Void, Never>?
    }

    package let configuration: KafkaLinkConfiguration
    let outlet: Outlet
    let logs: LogOutlet
    let logOutlet: Outlet
    let dead: DeadLetters
    let state = Mutex(State())
    let commands = Signal()
    let failures: AsyncStream<KafkaError>
    let failed: AsyncStream<KafkaError>.Continuation
    let troubles: TroubleLog
    private let addresses: AsyncStream<BrokerAddress>
    private let reader: RecordReader

    /// - Parameter addresses: where the broker is, again with each change. It need not end.
    package init(_ configuration: KafkaLinkConfiguration, addresses: AsyncStream<BrokerAddress>) {
        self.configuration = configuration
        self.addresses = addresses
        dead = DeadLetters(configuration)
        reader = RecordReader(installation: configuration.installation)
        let troubles = TroubleLog(logger: configuration.logger)
        self.troubles = troubles
        (failures, failed) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        let fatalities = Fatalities()
        outlet = Outlet(limit: configuration.reportBytes) { fatalities.take($0, isLogs: false, troubles) }
        logOutlet = Outlet(limit: configuration.logBytes) { fatalities.take($0, isLogs: true, troubles) }
        logs = LogOutlet(outlet: logOutlet)
        fatalities.link.withLock { $0 = Weak(self) }
    }

    package convenience init(_ configuration: KafkaLinkConfiguration, address: BrokerAddress) {
        self.init(configuration, addresses: AsyncStream { $0.yield(address) })
    }

    /// What became of records that are no messages for this process.
    package var recordCounts: RecordCounts { dead.counts }

    /// Keeps up the link until the task is cancelled, and then until the last channel's `run` has ended.
    ///
    /// Before it returns it waits, at most 3 s, for what is under way. Throws if librdkafka refuses the settings; at once,
    /// since the channels end only when somebody hears of it.
    package func run() async throws {
        // Not a child task: it serves the channels until they have ended, which is after the cancellation.
        let service = Task { await serve() }
        var problem: (any Error)?
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { for await address in self.addresses { self.put(.connect(address)) } }
                group.addTask { await self.keepHouse() }
                group.addTask { await self.dead.run(on: self) }
                group.addTask { for await failure in self.failures { throw failure } }
                // The first failure ends the others; `waitForAll` would wait for them.
                while try await group.next() != nil {}
            }
        } catch {
            problem = error
        }
        let closing = Task {
            await untilUsersAreGone()
            put(.end)
            await service.value
        }
        if let problem, !(problem is CancellationError) { throw problem }
        await closing.value
    }

    /// Drops every message not yet acknowledged but reports and output: for a controller that leads no longer.
    package func purge() { outlet.purge() }

    /// Takes care of what only time brings.
    private func keepHouse() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: .milliseconds(500))
            outlet.tend()
            logOutlet.tend()
            put(.setPace)
        }
    }

    private func untilUsersAreGone() async {
        await withCheckedContinuation { continuation in
            let isDone = state.withLock { state in
                state.isEnding = true
                if state.watchers.isEmpty { return true }
                state.ending = continuation
                return false
            }
            if isDone { continuation.resume() }
        }
    }

    /// On a consumer's thread.
    func dispatch(_ records: [KafkaRecord]) {
        var batches: [(user: Int, arrivals: [Arrival])] = []
        var ends: [KafkaOffset] = []
        var index = 0
        while index < records.count {
            let partition = KafkaPartition(records[index].topic, records[index].partition)
            let listeners = state.withLock { $0.routes.listeners(of: partition) }
            while index < records.count, records[index].partition == partition.partition,
                records[index].topic == partition.topic
            {
                let record = records[index]
                let arrival = Arrival(record: record, content: reader.content(of: record))
                if case .foreign = arrival.content { dead.noteForeign() }
                for listener in listeners where record.offset >= listener.from ?? 0 {
                    if let place = batches.firstIndex(where: { $0.user == listener.user }) {
                        batches[place].arrivals.append(arrival)
                    } else {
                        batches.append((listener.user, [arrival]))
                    }
                }
                index += 1
            }
            ends.append(KafkaOffset(partition, records[index - 1].offset + 1))
        }
        for batch in batches {
            state.withLock { $0.callbacks[batch.user] }?.receive(batch.arrivals)
        }
        advance(ends)
    }

    func handle(_ event: KafkaConsumer.Event) {
        switch event {
        case .reachedEnd(let end): advance([end])
        case .jumped(let partition, let expected, let found):
            if found > expected {
                configuration.logger.warning(
                    "records were deleted before they were read",
                    metadata: ["partition": "\(partition)", "count": "\(found - expected)"])
            } else {
                configuration.logger.warning(
                    "the broker has lost what it held; reading begins anew",
                    metadata: ["partition": "\(partition)", "from": "\(found)", "instead": "\(expected)"])
                state.withLock { $0.routes.restart(partition, at: found) }
            }
            let callbacks = state.withLock { state in
                state.routes.listeners(of: partition).compactMap { state.callbacks[$0.user] }
            }
            for callback in callbacks { callback.missed(partition) }
        case .failure(let error), .partitionFailure(_, let error): troubles.note(error)
        }
    }

    private func advance(_ ends: [KafkaOffset]) {
        let reached = state.withLock { state in
            ends.flatMap { state.routes.advance($0.partition, to: $0.offset) }
        }
        for call in reached { call() }
    }
}

private struct Weak: Sendable {
    weak let link: KafkaLink?
    init(_ link: KafkaLink) { self.link = link }
}

/// What a producer's fatal error comes to: made before the link is, so it learns of it later.
private final class Fatalities: Sendable {
    let link = Mutex<Weak?>(nil)

    func take(_ event: KafkaProducer.Event, isLogs: Bool, _ troubles: TroubleLog) {
        switch event {
        case .fatal(let error):
            troubles.note(error)
            link.withLock { $0?.link }?.put(.renewProducer(isLogs: isLogs))
        case .failure(let error): troubles.note(error)
        }
    }
}
