package import Model
package import Planning
internal import Synchronization

/// Makes the runs that pipelines' schedules ask for, as long as this process leads.
///
/// A time's run is made before the time is noted in the pipeline's status; its name follows from the time. So a crash in
/// between has the next leader find the run, and none is made twice or left out.
package final class ScheduleKeeper: ControllerObserver {
    /// The wall clock may be put forward, which no sleep notices.
    private static let longestSleep = 30.0
    private static let retrySeconds = 5

    private struct State {
        /// Those with schedules, by namespace and name.
        var pipelines: [ObjectKey: Pipeline] = [:]
        /// The last time that was dealt with; the status says it a moment later.
        var handled: [ObjectKey: Timestamp] = [:]
        var complaints: Set<String> = []
        /// Of all pipelines, those without any as well: one whose schedules have changed begins anew.
        var schedules: [ObjectKey: (uid: String?, schedules: [Schedule])] = [:]
        /// Pipelines whose present time is still to be noted.
        var changed: Set<ObjectKey> = []
    }

    private let desk: any RunDesk
    private let zones: any TimeZones
    private let now: @Sendable () -> Timestamp
    private let sleep: @Sendable (Double) async -> Void
    private let patch: @Sendable (PipelinePatch) async -> Bool
    private let mayAct: @Sendable () -> Bool
    private let report: @Sendable (Report) -> Void
    private let state = Mutex(State())
    private let (signals, signal) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))

    /// What an operator may want to know.
    package enum Report: Equatable, Sendable {
        case made(run: String, pipeline: String, time: Timestamp)
        /// It was too late for that time.
        case missed(pipeline: String, time: Timestamp)
        case trouble(String)
    }

    /// - Parameters:
    ///   - sleep: Waits so many seconds, or until the task is cancelled.
    ///   - patch: Stores a pipeline's `lastScheduleTime`; false where it has to be tried again.
    ///   - mayAct: Whether this process leads.
    package init(
        desk: any RunDesk, zones: any TimeZones, now: @escaping @Sendable () -> Timestamp = { Moment.now.wall },
        sleep: @escaping @Sendable (Double) async -> Void = { try? await Task.sleep(for: .seconds($0)) },
        patch: @escaping @Sendable (PipelinePatch) async -> Bool, mayAct: @escaping @Sendable () -> Bool,
        report: @escaping @Sendable (Report) -> Void
    ) {
        self.desk = desk
        self.zones = zones
        self.now = now
        self.sleep = sleep
        self.patch = patch
        self.mayAct = mayAct
        self.report = report
    }

    // MARK: ControllerObserver

    package func followed(_ event: StoreEvent) {
        let isNews = state.withLock { state in
            switch event {
            case .listed(_, let pipelines):
                state.pipelines = [:]
                let present = Set(pipelines.map { ObjectKey($0.metadata) })
                state.schedules = state.schedules.filter { present.contains($0.key) }
                state.changed.formIntersection(present)
                for pipeline in pipelines { keep(pipeline, &state) }
            case .pipeline(let pipeline): keep(pipeline, &state)
            case .pipelineGone(let name, let namespace):
                state.pipelines[ObjectKey(name, in: namespace)] = nil
                state.handled[ObjectKey(name, in: namespace)] = nil
            // Its schedules stay: where it comes back as the same object with others, they are new.
            case .run, .runGone, .drained: return false
            }
            return true
        }
        if isNews { signal.yield() }
    }

    package func observed(_ run: PipelineRun, happenings: [Happening], isStored: Bool) {}

    private func keep(_ pipeline: Pipeline, _ state: inout State) {
        let key = ObjectKey(pipeline.metadata)
        let schedules = pipeline.spec.triggers.compactMap(\.schedule)
        if let former = state.schedules[key] {
            if former.uid != pipeline.metadata.uid {
                // One that was deleted and made again.
                state.handled[key] = nil
            } else if former.schedules != schedules, !schedules.isEmpty {
                // A schedule that is new has not been missed before it was there.
                state.handled[key] = max(state.handled[key] ?? .beginning, now())
                state.changed.insert(key)
            }
        }
        state.schedules[key] = (pipeline.metadata.uid, schedules)
        state.pipelines[key] = schedules.isEmpty ? nil : pipeline
    }

    // MARK: Keeping

    /// Keeps all schedules until the task is cancelled.
    package func run() async throws {
        var timer: Task<Void, Never>?
        defer { timer?.cancel() }
        signal.yield()
        for await _ in signals {
            timer?.cancel()
            let next = await look()
            let wait = next.map { Double($0.since(now())) / 1_000_000 } ?? Self.longestSleep
            // A plain task, ended by the loop that owns it: a child task could not be cancelled by itself.
            timer = Task { [sleep, signal] in
                await sleep(min(Self.longestSleep, max(0.001, wait)))
                if !Task.isCancelled { signal.yield() }
            }
        }
        throw CancellationError()
    }

    /// Deals with all that is due, and says when to look again.
    private func look() async -> Timestamp? {
        let keys = state.withLock { $0.pipelines.keys.sorted() }
        var again: Timestamp?
        for key in keys {
            guard mayAct() else { return again }
            let now = now()
            let toNote: (Timestamp, Pipeline)? = state.withLock { state in
                guard state.changed.remove(key) != nil, let time = state.handled[key],
                    let pipeline = state.pipelines[key]
                else { return nil }
                return (time, pipeline)
            }
            if let (time, pipeline) = toNote { await note(time, of: pipeline, key) }
            // As they are now: what came before may have taken a while.
            let (pipeline, handled) = state.withLock { ($0.pipelines[key], $0.handled[key]) }
            guard let pipeline else { continue }
            let since = max(
                handled ?? pipeline.status.lastScheduleTime ?? .beginning,
                pipeline.status.lastScheduleTime ?? .beginning,
                pipeline.metadata.creationTimestamp ?? now)
            let decision = scheduleDecision(for: pipeline.spec, since: since, now: now) { zones.offset(of: $0) }
            complain(of: decision.unknownZones, pipeline)
            var next = decision.next
            if let due = decision.due {
                if await make(due, of: pipeline, key) == false {
                    next = min(next ?? .end, now.adding(seconds: Self.retrySeconds))
                }
            } else if let missed = decision.missed {
                report(.missed(pipeline: pipeline.metadata.name, time: missed))
                await note(missed, of: pipeline, key)
            }
            if let next { again = min(again ?? next, next) }
        }
        return again
    }

    /// False where it has to be tried again.
    private func make(_ time: Timestamp, of pipeline: Pipeline, _ key: ObjectKey) async -> Bool {
        let run = PipelineRun(scheduled: time, of: pipeline)
        switch await desk.make([run], remembering: false).first ?? .failed("no answer") {
        case .made(let made):
            report(.made(run: made.metadata.name, pipeline: pipeline.metadata.name, time: time))
        case .exists: break
        case .refused(let problem):
            report(.trouble("pipeline \(pipeline.metadata.name) can't run for its schedule: \(problem)"))
        case .failed(let problem):
            let name = pipeline.metadata.name
            report(.trouble("the run of pipeline \(name) for \(time) could not be made: \(problem); trying again"))
            return false
        }
        await note(time, of: pipeline, key)
        return true
    }

    private func note(_ time: Timestamp, of pipeline: Pipeline, _ key: ObjectKey) async {
        // A change of its schedules may have begun anew meanwhile.
        state.withLock { $0.handled[key] = max($0.handled[key] ?? .beginning, time) }
        var patch = PipelinePatch(name: pipeline.metadata.name, namespace: pipeline.metadata.namespace)
        patch.lastScheduleTime = time
        if !(await self.patch(patch)) {
            // Tried again with the next look. Until then only its name, if it isn't deleted, keeps a new process from
            // making the run again.
            state.withLock { _ = $0.changed.insert(key) }
            report(
                .trouble("the time of pipeline \(pipeline.metadata.name)'s last run by schedule could not be stored"))
        }
    }

    private func complain(of zones: [String], _ pipeline: Pipeline) {
        for zone in zones {
            let problem =
                "pipeline \(pipeline.metadata.name): this machine knows no time zone `\(zone)`, so that its "
                + "schedule doesn't come"
            if state.withLock({ $0.complaints.insert(problem).inserted }) { report(.trouble(problem)) }
        }
    }
}

extension Timestamp {
    fileprivate static let beginning = Timestamp(microseconds: .min)
    fileprivate static let end = Timestamp(microseconds: .max)
}
