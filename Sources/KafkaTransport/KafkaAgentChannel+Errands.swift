import AgentProtocol
import Controller
import Kafka
import Logging
import Synchronization

/// Positions, topics and calls to all agents.
extension KafkaAgentChannel {
    /// Gathers what comes within a fifth of a second: results come by the hundred, and a commit costs a round trip.
    func commitSoon() async {
        try? await Task.sleep(for: .milliseconds(200))
        if await commitNow() { return }
        try? await Task.sleep(for: .seconds(1))
        commits.raise()
    }

    /// False if it has to be tried again.
    func commitNow() async -> Bool {
        let (positions, subscription) = state.withLock { state -> ([Int: Int64], Subscription?) in
            guard let subscription = state.subscription else { return ([:], nil) }
            defer { state.commits = [:] }
            return (state.commits, subscription)
        }
        guard let subscription, !positions.isEmpty else { return true }
        let offsets = positions.sorted { $0.key < $1.key }.map {
            KafkaOffset(topics.results, Int32($0.key), $0.value)
        }
        do throws(KafkaError) {
            try await subscription.session.quick.commit(offsets)
            return true
        } catch {
            link.troubles.note(error)
            // Newer ones have come meanwhile, perhaps.
            state.withLock { $0.commits.merge(positions) { newer, _ in newer } }
            return false
        }
    }

    func runErrands() async {
        guard let session = state.withLock({ $0.subscription?.session }) else { return }
        if let kinds = takeNewKinds() {
            do throws(KafkaError) {
                _ = try await session.ensure(kinds.map(topics.inbox))
            } catch {
                // An agent that is allowed to makes its own; and without one there is nobody to be told anything.
                link.troubles.note(error)
                state.withLock { $0.newKinds = true }
                await tryAgainSoon()
            }
        }
        let wantsReports = state.withLock { state in
            defer { state.wantsReports = false }
            return state.wantsReports
        }
        guard wantsReports else { return }
        do throws(KafkaError) {
            for inbox in try await session.inboxes() {
                for partition in 0..<inbox.partitions { callForReports(Inbox(kind: inbox.kind, partition: partition)) }
            }
        } catch {
            link.troubles.note(error)
            state.withLock { $0.wantsReports = true }
            await tryAgainSoon()
        }
    }

    private func callForReports(_ inbox: Inbox) {
        let record = stamp.record(
            .controller(.report(instance: nil)), topic: topics.inbox(inbox.kind), partition: inbox.partition)
        link.outlet.pass(record) { [self] isStored in
            // One that hasn't got through means an agent that wasn't asked.
            if !isStored, !link.isEnding { publishReportToAll() }
        }
    }

    private func tryAgainSoon() async {
        try? await Task.sleep(for: .milliseconds(500))
        errands.raise()
    }

    private func takeNewKinds() -> [String]? {
        state.withLock { state in
            defer { state.newKinds = false }
            return state.newKinds && !state.kinds.isEmpty ? state.kinds.sorted() : nil
        }
    }
}
