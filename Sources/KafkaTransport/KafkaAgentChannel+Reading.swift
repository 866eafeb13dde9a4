import AgentProtocol
import Controller
import Glibc
import Kafka
import Logging
import Synchronization

/// What the channel does beside receiving: subscribing, catching up, and watching over the link.
extension KafkaAgentChannel {
    /// Begins to read at a new address; tries until that works or there is a newer one.
    func subscribe(in session: LinkSession, _ user: Int) async {
        state.withLock { $0.subscription = nil }
        while !Task.isCancelled, link.isCurrent(session) {
            do throws(KafkaError) {
                let counts = try await session.ensure([topics.results, topics.presence, topics.logs])
                let subscription = Subscription(
                    session: session, presence: KafkaPartition.all(of: topics.presence, counts),
                    results: KafkaPartition.all(of: topics.results, counts))
                let ends = try await session.quick.endOffsets(of: subscription.presence)
                let committed =
                    link.configuration.keepsPositions
                    ? try await session.quick.committed(subscription.results) : subscription.results.map { _ in nil }
                let starts =
                    // A broker as old as this process has no presence that isn't this process's to know.
                    (link.configuration.keepsPositions
                        ? ends.map { KafkaStart($0.partition, .at($0.offset)) }
                        : subscription.presence.map { KafkaStart($0, link.configuration.beginning) })
                    + zip(subscription.results, committed).map { partition, offset in
                        KafkaStart(partition, offset.map { .at($0) } ?? link.configuration.beginning)
                    }
                try await link.subscribe(starts, in: session, user: user)
                state.withLock { state in
                    state.subscription = subscription
                    // They were positions of another session, of a broker perhaps that has gone with all that it held.
                    state.commits = [:]
                    // Those asked of an earlier session will never be answered by it.
                    state.unasked = state.tokens
                    state.isProving = false
                }
                catchUps.raise()
                commits.raise()
                errands.raise()
                return
            } catch {
                link.troubles.note(error)
                try? await Task.sleep(for: .milliseconds(250))
            }
        }
    }

    /// Asks for the ends after all that is waiting has been asked for; one question serves all of it.
    func askForEnds(_ user: Int) async {
        let (tokens, subscription) = state.withLock { state -> ([Int], Subscription?) in
            guard let subscription = state.subscription else { return ([], nil) }
            defer { state.unasked = [] }
            return (state.unasked.sorted(), subscription)
        }
        guard let subscription, !tokens.isEmpty else { return }
        do throws(KafkaError) {
            let ends = try await subscription.session.quick.endOffsets(of: subscription.all, timeout: .seconds(2))
            link.mark(ends, in: subscription.session, user: user) { [self] in caughtUp(tokens) }
        } catch {
            link.troubles.note(error)
            state.withLock { $0.unasked.formUnion(tokens) }
            try? await Task.sleep(for: .milliseconds(200))
            catchUps.raise()
        }
    }

    private func caughtUp(_ tokens: [Int]) {
        sink.emit { events in
            let (news, isUpOnlyNow) = state.withLock { state in
                (tokens.filter { state.tokens.remove($0) != nil }, state.health.proven(at: .now))
            }
            if isUpOnlyNow { events.append(.link(isUp: true)) }
            events.append(contentsOf: news.map { .caughtUp(token: $0) })
        }
    }

    /// Looks once a second whether the link's fetches are answered: by asking for the ends, and getting there.
    func watch(_ user: Int) async {
        var looks = 0
        while !Task.isCancelled {
            if let subscription = state.withLock({ $0.subscription }) {
                await probe(subscription, user)
                looks += 1
                if looks.isMultiple(of: 60) { await readNewPartitions(subscription, user) }
            }
            sink.emit { events in
                if state.withLock({ $0.health.looked(at: .now) }) { events.append(.link(isUp: false)) }
            }
            try? await Task.sleep(for: .seconds(state.withLock { $0.subscription } == nil ? 0.1 : 1))
        }
    }

    private func probe(_ subscription: Subscription, _ user: Int) async {
        guard
            let ends = try? await subscription.session.quick.endOffsets(of: subscription.all, timeout: .seconds(2))
        else { return }
        let lag = link.lag(to: ends.filter { $0.partition.topic == topics.results })
        state.withLock { $0.resultsLag = lag }
        // One mark at a time: while reading stands still they would pile up.
        let isFirst = state.withLock { state in
            defer { state.isProving = true }
            return !state.isProving
        }
        guard isFirst else { return }
        link.mark(ends, in: subscription.session, user: user) { [self] in
            sink.emit { events in
                let isUpOnlyNow = state.withLock { state in
                    state.isProving = false
                    return state.health.proven(at: .now)
                }
                if isUpOnlyNow { events.append(.link(isUp: true)) }
            }
        }
    }

    /// Somebody may have added partitions, and agents write to them.
    private func readNewPartitions(_ subscription: Subscription, _ user: Int) async {
        guard let counts = try? await subscription.session.ensure([topics.results, topics.presence]) else { return }
        var grown = subscription
        grown.presence = KafkaPartition.all(of: topics.presence, counts)
        grown.results = KafkaPartition.all(of: topics.results, counts)
        let known = Set(subscription.all)
        let starts = grown.all.filter { !known.contains($0) }.map { KafkaStart($0, .beginning) }
        guard !starts.isEmpty else { return }
        do throws(KafkaError) {
            try await link.subscribe(starts, in: subscription.session, user: user)
            state.withLock { $0.subscription = grown }
        } catch {
            link.troubles.note(error)
        }
    }

    func sleepOneMillisecond() { usleep(1000) }
}

extension KafkaPartition {
    static func all(of topic: String, _ counts: [String: Int]) -> [KafkaPartition] {
        (0..<Int32(counts[topic] ?? 0)).map { KafkaPartition(topic, $0) }
    }
}
