internal import Controller
internal import Model

/// The store: runs with versions, a feed for each controller, and the lease.
final class SimulatedStore {
    unowned let world: World
    private(set) var runs: [String: PipelineRun] = [:]
    /// In the order of their creation.
    private(set) var uids: [String] = []
    private(set) var pipelines: [Pipeline] = []
    private(set) var lease: Leadership.Lease?
    /// Agents that an operator wants to take nothing more.
    private(set) var drained: [String] = []
    private(set) var outages = 0
    private var version = 0
    private var leaseVersion = 0
    private var feeds: [Feed] = []
    /// Runs whose whole status can't be stored, by chance: how many more times.
    private var refusals: [String: Int] = [:]

    /// What one controller is told, in order.
    final class Feed {
        unowned let process: ControllerProcess
        var lastAt: Int64 = 0
        var isClosed = false
        /// By run, the version that was told or that an ended write returned: nothing older is told after it.
        var newest: [String: Int] = [:]
        var isBroken = false

        init(_ process: ControllerProcess) {
            self.process = process
        }

        /// Whether an event may still be told.
        func takes(_ event: StoreEvent) -> Bool {
            switch event {
            case .run(let run): return takes(run)
            case .listed(let runs, _):
                for run in runs { _ = takes(run) }
                return true
            case .runGone, .pipeline, .pipelineGone, .drained: return true
            }
        }

        private func takes(_ run: PipelineRun) -> Bool {
            let version = Int(run.metadata.resourceVersion ?? "") ?? 0
            if let newest = newest[run.uid], version < newest { return false }
            newest[run.uid] = version
            return true
        }
    }

    init(_ world: World) {
        self.world = world
    }

    var isUp: Bool { outages == 0 }
    func fail() { outages += 1 }
    func recover() {
        outages -= 1
        mendFeeds()
    }

    func run(_ uid: String) -> PipelineRun? { runs[uid] }

    private func nextVersion() -> String {
        version += 1
        return String(version)
    }

    // MARK: What people do

    func create(_ run: PipelineRun) {
        var run = run
        run.metadata.resourceVersion = nextVersion()
        run.metadata.generation = 1
        run.metadata.creationTimestamp = World.wall(at: world.now)
        runs[run.uid] = run
        uids.append(run.uid)
        world.judge.created(run)
        tell(.run(run))
    }

    func create(_ pipeline: Pipeline) {
        pipelines.append(pipeline)
        tell(.pipeline(pipeline))
    }

    func change(_ uid: String, _ edit: (inout PipelineRunSpec) -> Void) {
        guard var run = runs[uid] else { return }
        edit(&run.spec)
        guard run.spec != runs[uid]?.spec else { return }
        run.metadata.resourceVersion = nextVersion()
        run.metadata.generation = (run.metadata.generation ?? 0) + 1
        runs[uid] = run
        world.judge.wants(run)
        tell(.run(run))
    }

    func delete(_ uid: String) {
        guard runs.removeValue(forKey: uid) != nil else { return }
        uids.removeAll { $0 == uid }
        world.judge.deleted(uid)
        tell(.runGone(uid: uid))
    }

    func drain(_ agents: [String]) {
        drained = agents.sorted()
        tell(.drained(drained))
    }

    /// Somebody changes what Martlet doesn't look at.
    private func annotate(_ uid: String) {
        guard var run = runs[uid] else { return }
        run.metadata.resourceVersion = nextVersion()
        runs[uid] = run
        tell(.run(run))
    }

    // MARK: What controllers do

    /// Applies a status write as it arrives.
    func write(_ write: StatusWrite, by process: ControllerProcess) -> WriteOutcome {
        guard runs[write.uid] != nil else { return .gone }
        if world.strikes(.conflict, oneIn: 12) { annotate(write.uid) }
        guard var run = runs[write.uid] else { return .gone }
        guard run.metadata.resourceVersion == write.resourceVersion else {
            world.note("\(process.name): the write of \(write.uid) conflicts")
            return .conflict(run)
        }
        if isRefused(write) {
            world.note("\(process.name): the write of \(write.uid) is refused")
            return .refused("the status is too large")
        }
        let isFailing = world.strikes(.writeFailure, oneIn: 8)
        if isFailing, world.dice.chance(50) {
            world.note("\(process.name): the write of \(write.uid) fails")
            return .failed("no answer")
        }
        let old = run.status
        run.status = write.status
        let version = nextVersion()
        run.metadata.resourceVersion = version
        runs[write.uid] = run
        if world.keepsLines {
            world.note("\(process.name): \(write.uid)@\(version) \(write.status.changes(from: old))")
        }
        world.judge.stored(run, over: old, by: process)
        world.people.saw(run)
        tell(.run(run))
        if isFailing {
            world.note("\(process.name): the write of \(write.uid) is stored, its answer is lost")
            return .failed("no answer")
        }
        process.feed?.newest[write.uid] = self.version
        return .stored(resourceVersion: version)
    }

    /// Deletes a run as a controller has seen it.
    func delete(_ run: RunReference, by process: ControllerProcess) -> DeleteOutcome {
        guard runs[run.uid] != nil else { return .gone }
        if world.strikes(.conflict, oneIn: 12) { annotate(run.uid) }
        guard let stored = runs[run.uid] else { return .gone }
        guard stored.metadata.resourceVersion == run.resourceVersion else {
            world.note("\(process.name): the deletion of \(run.uid) conflicts")
            return .conflict
        }
        let isFailing = world.strikes(.writeFailure, oneIn: 8)
        if isFailing, world.dice.chance(50) {
            world.note("\(process.name): the deletion of \(run.uid) fails")
            return .failed("no answer")
        }
        world.note("\(process.name): \(run.uid) has had its time")
        world.judge.hasHadItsTime(stored)
        delete(run.uid)
        return isFailing ? .failed("no answer") : .deleted
    }

    /// Stores what has been observed of a pipeline.
    func patch(_ patch: PipelinePatch) {
        guard let place = pipelines.firstIndex(where: { $0.metadata.name == patch.name }) else { return }
        patch.apply(to: &pipelines[place].status)
        tell(.pipeline(pipelines[place]))
    }

    /// Refused for good is what holds results that are too much for the store; now and then also the little that is
    /// written in its place.
    private func isRefused(_ write: StatusWrite) -> Bool {
        if let left = refusals[write.uid] {
            let hasResults = write.status.stages.contains { !$0.results.isEmpty }
            guard hasResults || left > 0 else { return false }
            refusals[write.uid] = left - 1
            return true
        }
        guard write.status.stages.contains(where: { !$0.results.isEmpty }), world.strikes(.writeRefusal, oneIn: 8)
        else {
            return false
        }
        refusals[write.uid] = world.dice.chance(20) ? 3 : 0
        return true
    }

    func readLease() -> Leadership.Lease? { lease }

    func writeLease(_ holder: String, over old: String?) -> Leadership.Answer {
        guard lease?.version == old else { return .conflict }
        leaseVersion += 1
        lease = Leadership.Lease(holder: holder, version: String(leaseVersion))
        return .stored(version: String(leaseVersion))
    }

    // MARK: Following

    func follow(_ process: ControllerProcess) -> Feed {
        let feed = Feed(process)
        feeds.append(feed)
        list(feed)
        return feed
    }

    func unfollow(_ feed: Feed) {
        feed.isClosed = true
        feeds.removeAll { $0 === feed }
    }

    /// Everything, as it is when the answer is made.
    private func list(_ feed: Feed) {
        send(feed, nil)
        send(feed, .drained(drained))
    }

    private func tell(_ event: StoreEvent) {
        for feed in feeds { send(feed, event) }
    }

    private func send(_ feed: Feed, _ event: StoreEvent?) {
        let process = feed.process
        guard process.reachesStore else {
            // What it misses makes it list everything again.
            feed.isBroken = true
            return
        }
        guard !feed.isBroken || event == nil else { return }
        let at = max(feed.lastAt, world.now + world.latency(process))
        feed.lastAt = at
        let life = process.life
        world.after(at - world.now) {
            guard process.life == life, !feed.isClosed else { return }
            guard process.reachesStore else {
                feed.isBroken = true
                return
            }
            process.whenAwake { process.observe(event ?? self.listed(), from: feed) }
        }
    }

    private func listed() -> StoreEvent { .listed(runs: uids.compactMap { runs[$0] }, pipelines: pipelines) }

    /// Feeds that missed something list everything again once they can.
    func mendFeeds() {
        for feed in feeds where feed.isBroken && feed.process.reachesStore {
            feed.isBroken = false
            list(feed)
        }
    }
}
