package import Controller
package import Model
package import Planning
internal import Synchronization

/// Tells targets how runs go, from their statuses alone.
///
/// Guarantees: each target gets the last state of each run, at least once, in order, and nothing that a record in the
/// status shows as told. What is told in between is left out where a target is slow or away. Nobody waits for it:
/// what the controller says is noted, and `run` does the rest.
package final class Reporter: ControllerObserver {
    private struct State {
        var runs = FollowedRuns()
        var pipelines = NotifyingPipelines()
        var queue: ReportQueue
        /// What has been warned of, so that it is said once. Bounded: when it is full it begins anew.
        var warned: Set<String> = []
        var newest = NewestRuns()
        /// Targets that don't answer.
        var troubled: Set<String> = []
    }

    private static let warnedLimit = 512

    private let targets: [any NotificationTarget]
    private let clock: ReportingClock
    /// Runs that had ended longer ago than this when this process first saw them are not told of: else switching
    /// notifications on would bring the whole past.
    private let oldest: Duration
    private let record: @Sendable (_ uid: String, NotificationRecord) -> Void
    private let count: @Sendable (_ target: String, _ outcome: String) -> Void
    private let warn: @Sendable (String) -> Void
    private let recovered: @Sendable (_ target: String) -> Void
    private let state: Mutex<State>
    private let doorbell = Doorbell()

    /// - Parameters:
    ///   - record: Told what the run's status is to hold; the controller stores it with its next write.
    ///   - count: For metrics: `sent`, `retried` or `failed`, by target.
    ///   - warn: Told a sentence about what is wrong and what to do, once.
    ///   - recovered: Told that a target answers again of which something had been warned.
    package init(
        targets: [any NotificationTarget], clock: ReportingClock = .system, oldest: Duration = .seconds(6 * 3600),
        record: @escaping @Sendable (_ uid: String, NotificationRecord) -> Void,
        count: @escaping @Sendable (_ target: String, _ outcome: String) -> Void = { _, _ in },
        warn: @escaping @Sendable (String) -> Void = { _ in },
        recovered: @escaping @Sendable (_ target: String) -> Void = { _ in }
    ) {
        self.targets = targets
        self.clock = clock
        self.oldest = oldest
        self.record = record
        self.count = count
        self.warn = warn
        self.recovered = recovered
        var limits: [String: Int] = [:]
        for target in targets { limits[target.name] = max(1, target.concurrency) }
        state = Mutex(State(queue: ReportQueue(limits: limits)))
    }

    /// Tells what there is to tell until the task is cancelled.
    package func run() async throws {
        // One that keeps nothing of a child that has ended: this goes on for as long as the process leads.
        await withDiscardingTaskGroup { group in
            while !Task.isCancelled {
                let now = clock.now()
                let (keys, due) = state.withLock { state in (state.queue.take(at: now), state.queue.nextDue) }
                for key in keys {
                    group.addTask {
                        await self.tell(key)
                        self.doorbell.ring()
                    }
                }
                await wait(for: due.map { max(.zero, $0 - now) })
            }
            group.cancelAll()
        }
        throw CancellationError()
    }

    /// How many runs are kept in memory because there may be something to tell of them.
    package var keptRuns: Int { state.withLock { $0.runs.kept.count } }

    /// Whether nothing waits to be told and nothing is on its way.
    package var isIdle: Bool { state.withLock { $0.queue.isEmpty } }

    private func wait(for time: Duration?) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.doorbell.wait() }
            if let time { group.addTask { _ = await self.clock.sleep(time) } }
            await group.next()
            group.cancelAll()
        }
    }

    // MARK: Gather, decide, apply

    private func tell(_ key: ReportKey) async {
        guard let target = targets.first(where: { $0.name == key.target }) else { return }
        let (run, told) = state.withLock { state in (state.runs.run(key.uid), state.runs.told(key.uid, key.target)) }
        guard let run else { return finish(key, target, of: nil) }
        // It was kept for its end alone, which nobody could be told of for too long.
        if state.withLock({ $0.runs.isGone(key.uid) }), isPast(run) { return finish(key, target, of: run) }
        if target.isPerCommit, state.withLock({ $0.newest.isOutdone(run) }) {
            state.withLock { $0.runs.refuse(RunSummary(run).event, of: key.uid, by: key.target) }
            return finish(key, target, of: run)
        }
        apply(await target.tell(run, told: told), key, target, of: run)
    }

    private func apply(
        _ outcome: TellingOutcome, _ key: ReportKey, _ target: any NotificationTarget, of run: PipelineRun
    ) {
        let now = clock.now()
        switch outcome {
        case .nothing: break
        case .told(let event, let reference):
            count(key.target, "sent")
            let isBack = state.withLock { state in
                state.queue.pause(key.target, until: now + target.spacing)
                return state.troubled.remove(key.target) != nil
            }
            if isBack { recovered(key.target) }
            note(event: event, reference: reference, key)
        case .refused(let problem):
            count(key.target, "failed")
            state.withLock { state in
                state.runs.refuse(RunSummary(run).event, of: key.uid, by: key.target)
                state.queue.pause(key.target, until: now + target.spacing)
            }
            warnOnce(problem)
        case .retry(let problem):
            if Task.isCancelled { break }
            count(key.target, "retried")
            let isNew = state.withLock { state in
                state.queue.failed(key, at: now)
                return state.troubled.insert(key.target).inserted
            }
            if isNew { warn("\(problem); it is tried again until it works") }
            return
        case .pause(let time, let problem):
            count(key.target, "retried")
            let isNew = state.withLock { state in
                state.queue.putBack(key, at: now)
                state.queue.pause(key.target, until: now + time)
                return state.troubled.insert(key.target).inserted
            }
            if isNew { warn("\(problem); nothing is sent for \(time.components.seconds) s") }
            return
        }
        finish(key, target, of: run)
    }

    private func note(event: String, reference: String?, _ key: ReportKey) {
        var told = NotificationRecord()
        told.target = key.target
        told.event = event.clipped(toBytes: 128)
        told.reference = reference?.clipped(toBytes: 255)
        let isNew = state.withLock { state in
            let former = state.runs.told(key.uid, key.target)
            guard former?.event != told.event || former?.reference != told.reference else { return false }
            told.time = clock.wall()
            state.runs.tell(told, of: key.uid)
            return true
        }
        if isNew { record(key.uid, told) }
    }

    /// The key has run. Where nothing is left to tell, the run is let go.
    private func finish(_ key: ReportKey, _ target: any NotificationTarget, of run: PipelineRun?) {
        let now = clock.now()
        let isOver = state.withLock { state in
            state.queue.ended(key, floor: run == nil ? now : now + target.quietTime)
            guard let latest = state.runs.run(key.uid), isSettled(latest, state) else {
                return state.runs.run(key.uid) == nil
            }
            state.runs.settle(key.uid)
            drop(key.uid, &state)
            return true
        }
        if isOver { for target in targets { target.forget(key.uid) } }
    }

    private func isSettled(_ run: PipelineRun, _ state: State) -> Bool {
        for target in targets where target.isWanted(by: run) {
            let told = state.runs.told(run, target.name)
            if target.isSettled(run, told: told) { continue }
            guard run.status.completionTime != nil else { return false }
            if state.runs.isRefused(RunSummary(run).event, of: run.uid, by: target.name) { continue }
            if state.runs.isLate(run.uid) || state.runs.isGone(run.uid) && isPast(run) { continue }
            return false
        }
        return true
    }

    /// Ended so long ago that nobody wants to know any more.
    private func isPast(_ run: PipelineRun) -> Bool {
        guard let completion = run.status.completionTime else { return false }
        return Duration.microseconds(clock.wall().since(completion)) > oldest
    }

    private func warnOnce(_ problem: String) {
        let isNew = state.withLock { state in
            if state.warned.count >= Self.warnedLimit { state.warned = [] }
            return state.warned.insert(problem).inserted
        }
        if isNew { warn(problem) }
    }

    // MARK: ControllerObserver

    package func followed(_ event: StoreEvent) {
        switch event {
        case .listed(let runs, let pipelines):
            let gone = state.withLock { state in
                state.pipelines.listed(pipelines)
                let gone = state.runs.listed(runs)
                for uid in gone { drop(uid, &state) }
                return gone
            }
            for uid in gone { for target in targets { target.forget(uid) } }
            // All of them first: one that has been told to its end may have begun after one that hasn't.
            state.withLock { state in
                for run in runs { note(state.pipelines.completed(run), &state) }
            }
            for run in runs { follow(run) }
        case .run(let run): follow(run)
        case .runGone(let uid):
            let isForgotten = state.withLock { state in
                guard state.runs.gone(uid) else { return false }
                drop(uid, &state)
                return true
            }
            if isForgotten { for target in targets { target.forget(uid) } }
        case .pipeline(let pipeline): return state.withLock { $0.pipelines.keep(pipeline) }
        case .pipelineGone(let name, let namespace): return state.withLock { $0.pipelines.gone(name, in: namespace) }
        case .drained: return
        }
        doorbell.ring()
    }

    package func observed(_ run: PipelineRun, happenings: [Happening], isStored: Bool) {
        guard isStored else { return }
        let isNews = state.withLock { state in
            let run = state.pipelines.completed(run)
            guard state.runs.observed(run) else { return false }
            return ask(run, &state)
        }
        if isNews { doorbell.ring() }
    }

    package func annotated(_ fence: Fence, of run: PipelineRun, _ annotations: [Annotation]) {
        guard !annotations.isEmpty else { return }
        let wanted = targets.filter { $0.isWanted(by: run) }
        guard !wanted.isEmpty else { return }
        for target in wanted { target.annotated(fence, of: run, annotations) }
        // Said again: a former process may have told of the attempt's end, and died before it told of these.
        guard run.status[stage: fence.stage]?.state.isBound == false else { return }
        let isNews = state.withLock { state in
            guard let run = state.runs.reopen(run) else { return false }
            return ask(run, &state)
        }
        if isNews { doorbell.ring() }
    }

    private func follow(_ run: PipelineRun) {
        state.withLock { state in
            let run = state.pipelines.completed(run)
            guard let run = state.runs.followed(run, isPast: isPast(run)) else { return }
            _ = ask(run, &state)
        }
    }

    /// Puts a run into the queue for those who want to know, or lets go of it where nobody does.
    private func ask(_ run: PipelineRun, _ state: inout State) -> Bool {
        // The cheap question first: most runs are told to nobody.
        guard RunSummary.spec(of: run)?.notifications != nil, !isSettled(run, state) else {
            // What is being told of it at this moment ends with a look of its own.
            if state.runs.settle(run.uid) { for target in targets { target.forget(run.uid) } }
            return false
        }
        note(run, &state)
        let now = clock.now()
        var isAsked = false
        for target in targets where target.isWanted(by: run) {
            if target.isSettled(run, told: state.runs.told(run, target.name)) { continue }
            if state.runs.isRefused(RunSummary(run).event, of: run.uid, by: target.name) { continue }
            state.queue.add(ReportKey(uid: run.uid, target: target.name), at: now)
            isAsked = true
        }
        return isAsked
    }

    private func note(_ run: PipelineRun, _ state: inout State) {
        if targets.contains(where: { $0.isPerCommit && $0.isWanted(by: run) }) { state.newest.note(run) }
    }

    private func drop(_ uid: String, _ state: inout State) {
        for target in targets { state.queue.drop(ReportKey(uid: uid, target: target.name)) }
    }
}
