import AgentProtocol
import Model
import Synchronization
import Testing

@testable import Controller

/// Counts what is sent, and acknowledges it.
private final class CountingChannel: AgentChannel {
    let published = Mutex(0)
    let reports = Mutex(0)

    func publish(
        _ message: ControllerMessage, to inbox: Inbox, delivered: @escaping @Sendable (Bool) -> Void
    ) {
        published.withLock { $0 += 1 }
        delivered(true)
    }

    func publishReportToAll() { reports.withLock { $0 += 1 } }
    func commit(_ positions: [ResultsPosition]) {}
    func catchUp(token: Int) {}
    func expectTraffic(_ expected: Bool) {}
}

private struct NoSource: SourceResolver {
    func resolve(_ request: SourceRequest) async throws(SourceError) -> ResolvedSource {
        throw SourceError("there is none", mayPass: false)
    }
}

@Suite("A controller that may lose its lead", .timeLimit(.minutes(1))) struct ControllerTests {
    private var presence: ChannelEvent {
        var presence = Presence()
        presence.agent = "a"
        presence.instance = "a-1"
        presence.sequence = 1
        presence.kinds = ["shell"]
        presence.slots = 1
        return .presence(presence)
    }

    @Test("says and writes nothing without it, and ends")
    func never() async throws {
        let channel = CountingChannel()
        let store = GatedStore(concurrentWrites: 1, listing: .listed(runs: [sampleRun()], pipelines: []))
        let controller = Controller(
            mailbox: Mailbox(), store: store, channel: channel, resolver: NoSource(), mayAct: { false }
        ) {
            try await Task.sleep(for: .seconds(3600))
        }
        await #expect(throws: LeadershipLost()) { try await controller.run() }
        #expect(channel.reports.withLock { $0 } == 0)
    }

    @Test("ends at the first message that it may not send any more, and writes nothing for it")
    func lostBeforeMessage() async throws {
        let mayAct = Mutex(true)
        let channel = CountingChannel()
        let mailbox = Mailbox()
        let store = GatedStore(concurrentWrites: 1, listing: .listed(runs: [sampleRun()], pipelines: []))
        let controller = Controller(
            mailbox: mailbox, store: store, channel: channel, resolver: NoSource(),
            mayAct: { mayAct.withLock { $0 } }
        ) {
            try await Task.sleep(for: .seconds(3600))
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                await #expect(throws: LeadershipLost()) { try await controller.run() }
            }
            var calls = store.calls.makeAsyncIterator()
            // The run has started.
            let first = try #require(await calls.next())
            mayAct.withLock { $0 = false }
            first.answer()
            mailbox.put([presence])
            try await group.waitForAll()
            #expect(channel.published.withLock { $0 } == 0)
            #expect(channel.reports.withLock { $0 } == 1)
        }
    }
}
