import AgentProtocol
import Model
import Synchronization

@testable import Agent

/// A broker that stores everything at once, and lets a test wait for what it wants to see.
final class FakeChannel: ControllerChannel {
    struct State {
        var reports: [AgentReport] = []
        var presences: [Presence] = []
        var chunks: [LogChunk] = []
        var storesReports = true
        var storesPresences = true
        var waitingLogBytes = 0
        var held: [@Sendable (Bool) -> Void] = []
        var waiters: [(id: Int, isReady: @Sendable (State) -> Bool, resume: CheckedContinuation<Void, Never>)] = []
        var lastWaiter = 0
    }

    let state = Mutex(State())

    func send(_ report: AgentReport, acknowledged: @escaping @Sendable (Bool) -> Void) {
        let isStored = change { state in
            if state.storesReports {
                state.reports.append(report)
            } else {
                state.held.append(acknowledged)
            }
            return state.storesReports
        }
        if isStored { acknowledged(true) }
    }

    func announce(_ presence: Presence, acknowledged: @escaping @Sendable (Bool) -> Void) {
        let isStored = change { state in
            state.presences.append(presence)
            return state.storesPresences
        }
        acknowledged(isStored)
    }

    func log(_ chunk: LogChunk) {
        change { $0.chunks.append(chunk) }
    }

    var waitingLogBytes: Int { state.withLock { $0.waitingLogBytes } }

    func expectTraffic(_ expected: Bool) {}

    @discardableResult
    func change<Result: Sendable>(_ body: (inout State) -> Result) -> Result {
        let (result, ready) = state.withLock { state in
            let result = body(&state)
            let current = state
            let ready = state.waiters.filter { $0.isReady(current) }
            state.waiters.removeAll { waiter in ready.contains { $0.id == waiter.id } }
            return (result, ready.map(\.resume))
        }
        for waiter in ready { waiter.resume() }
        return result
    }

    func until(_ isReady: @escaping @Sendable (State) -> Bool) async {
        await withCheckedContinuation { continuation in
            let isReadyNow = state.withLock { state in
                if isReady(state) { return true }
                state.lastWaiter += 1
                state.waiters.append((state.lastWaiter, isReady, continuation))
                return false
            }
            if isReadyNow { continuation.resume() }
        }
    }

    func finished(_ fence: Fence) async -> StageOutcome? {
        await until { $0.outcome(of: fence) != nil }
        return state.withLock { $0.outcome(of: fence) }
    }

    /// Everything that has been logged for a fence, and what was wrong with its numbers.
    func text(of fence: Fence) -> String {
        state.withLock { state in
            state.chunks.filter { $0.fence == fence.description }.map(\.text).joined()
        }
    }
}

extension FakeChannel.State {
    func outcome(of fence: Fence) -> StageOutcome? {
        for report in reports where report.fence == fence {
            if case .finished(let outcome) = report.event { return outcome }
        }
        return nil
    }

    func text(of fence: Fence) -> String {
        chunks.filter { $0.fence == fence.description }.map(\.text).joined()
    }
}
