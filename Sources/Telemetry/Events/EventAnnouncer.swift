package import Controller
package import Model
package import Planning
package import PrometheusMetrics
internal import Synchronization

/// Announces what happens to runs to the world, as CDEvents.
///
/// # Guarantees
/// An event is announced once what it says is stored, and in a process not twice. Nothing is recorded: a process that
/// begins to lead says again what runs that are active, or ended less than 15 minutes ago, have come to, under the same
/// ids. Events of one run are announced in their order.
///
/// # Caveats
/// What has no room, here or at the publisher, is dropped and counted. An attempt that was lost with its agent while no
/// controller looked ends without an event; the next attempt's beginning says so.
package final class EventAnnouncer: ControllerObserver {
    /// Events that wait for the publisher.
    static let waitingLimit = 10_000
    /// Ended runs whose story is remembered, in case they change again.
    static let endedLimit = 10_000
    /// How long after its end a new leader still says what a run came to, in seconds.
    static let retold = 15 * 60

    private struct Waiting {
        var occurrence: Occurrence
        var subject: CDEvents.Subject
        var now: Timestamp
    }

    private struct State {
        var stories: [String: RunStory] = [:]
        /// When runs ended whose story is all told.
        var ended: [String: Timestamp] = [:]
        /// In the order in which they were told.
        var endedOrder: [String] = []
        var waiting: [Waiting] = []
        var dropped = 0
        var published = 0
    }

    private let events: CDEvents
    private let publisher: any EventPublisher
    private let now: @Sendable () -> Timestamp
    private let url: @Sendable (PipelineRun) -> String?
    private let state = Mutex(State())
    private let wakes: AsyncStream<Void>
    private let wake: AsyncStream<Void>.Continuation

    /// - Parameter url: Where people see a run; without one events name the run's place in the Kubernetes API.
    package init(
        installation: String, publisher: any EventPublisher,
        now: @escaping @Sendable () -> Timestamp = Timestamp.current,
        url: @escaping @Sendable (PipelineRun) -> String? = { _ in nil }
    ) {
        events = CDEvents(installation: installation)
        self.publisher = publisher
        self.now = now
        self.url = url
        (wakes, wake) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Publishes until the task is cancelled, and then what still waits, as far as there is room for it.
    package func run() async {
        for await _ in wakes { await publishWaiting() }
        await publishWaiting()
    }

    /// Events given to the publisher, and events for which there was no room.
    package var counts: (published: Int, dropped: Int, waiting: Int) {
        state.withLock { ($0.published, $0.dropped, $0.waiting.count) }
    }

    /// For tests of its bounds.
    var memory: (stories: Int, ended: Int) { state.withLock { ($0.stories.count, $0.ended.count) } }

    private func publishWaiting() async {
        while true {
            let batch = state.withLock { state in
                defer { state.waiting = [] }
                return state.waiting
            }
            if batch.isEmpty { return }
            for one in batch {
                let event = events.event(one.occurrence, of: one.subject, now: one.now)
                let isTaken = await publisher.publish(event, key: one.subject.uid)
                state.withLock { if isTaken { $0.published += 1 } else { $0.dropped += 1 } }
            }
        }
    }

    // MARK: ControllerObserver

    package func observed(_ run: PipelineRun, happenings: [Happening], isStored: Bool) {
        guard isStored else { return }
        tell([run])
    }

    package func followed(_ event: StoreEvent) {
        switch event {
        case .listed(let runs, _):
            let oldest = now().adding(seconds: -Self.retold)
            let known = Set(runs.map(\.uid))
            state.withLock { state in
                state.stories = state.stories.filter { known.contains($0.key) }
                state.ended = state.ended.filter { known.contains($0.key) }
                state.endedOrder.removeAll { !known.contains($0) }
            }
            tell(runs.filter { run in run.status.completionTime.map { $0 >= oldest } ?? true })
        case .run(let run):
            // What is known comes with `observed`, and no older than what has been told.
            let isNew = state.withLock { $0.stories[run.uid] == nil && $0.ended[run.uid] == nil }
            if isNew, !run.status.isFinished { tell([run]) }
        case .runGone(let uid):
            state.withLock { state in
                state.stories[uid] = nil
                // Its place in the order goes with the older half: no other run ever has its UID.
                state.ended[uid] = nil
            }
        case .pipeline, .pipelineGone, .drained: break
        }
    }

    private func tell(_ runs: [PipelineRun]) {
        let now = now()
        let hasNews = state.withLock { state in
            let before = state.waiting.count
            for run in runs { Self.tell(run, now, url, &state) }
            return state.waiting.count > before
        }
        if hasNews { wake.yield() }
    }

    private static func tell(
        _ run: PipelineRun, _ now: Timestamp, _ url: (PipelineRun) -> String?, _ state: inout State
    ) {
        let past = state.ended[run.uid]
        if let past, run.status.completionTime == past { return }
        var story = state.stories[run.uid] ?? RunStory(past: past)
        let news = story.tell(run)
        if let end = run.status.completionTime {
            state.stories[run.uid] = nil
            if state.ended.updateValue(end, forKey: run.uid) == nil { state.endedOrder.append(run.uid) }
            if state.endedOrder.count > endedLimit {
                // The older half at once, so that each end costs little.
                for uid in state.endedOrder.prefix(endedLimit / 2) { state.ended[uid] = nil }
                state.endedOrder.removeFirst(endedLimit / 2)
            }
        } else {
            state.stories[run.uid] = story
        }
        guard !news.isEmpty else { return }
        let subject = CDEvents.Subject(run, url: url(run))
        for occurrence in news {
            guard state.waiting.count < waitingLimit else {
                state.dropped += 1
                continue
            }
            state.waiting.append(Waiting(occurrence: occurrence, subject: subject, now: now))
        }
    }
}

extension MetricsRegistry {
    /// Adds `martlet_events_…`.
    ///
    /// - Parameter lost: How many events the publisher had taken and lost after all.
    package func addEvents(_ announcer: EventAnnouncer, lost: @escaping @Sendable () -> Int = { 0 }) {
        let events = MetricFamily(
            "martlet_events_total", .counter,
            "CDEvents given to the publisher, dropped for want of room, or lost with a broker.",
            labels: ["outcome"])
        let waiting = MetricFamily("martlet_events_waiting", .gauge, "CDEvents that wait to be published.")
        collect { collection in
            let counts = announcer.counts
            collection.add(events, Double(counts.published), "published")
            collection.add(events, Double(counts.dropped), "dropped")
            collection.add(events, Double(lost()), "lost")
            collection.add(waiting, Double(counts.waiting))
        }
    }
}
