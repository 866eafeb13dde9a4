internal import AgentProtocol
internal import Model
internal import Planning

/// The leading controller as a value: inputs in, actions out, no I/O, no clock, no randomness.
///
/// One step takes all that has come in, plans every run that it touches, schedules once, and says what is to be written
/// and published. The same inputs at the same moments give the same actions, so that a journal can be replayed and a
/// simulator can run this very code.
///
/// Guarantees: a run has at most one status write under way, and isn't planned meanwhile; what is published is what that
/// write stores; a result's offset is committed only once a stored status holds it.
package struct ControllerMachine: Sendable {
    let configuration: ControllerConfiguration
    var runs = RunTable()
    var pipelines: [String: Pipeline] = [:]
    /// Ended runs, those apart that no limit can ever reach.
    var histories: [HistoryGroup: History] = [:]
    var graphs: [String: StageGraph] = [:]
    /// Runs of each concurrency group, by its key.
    var groups: [String: Set<String>] = [:]
    /// Those about which `admit` has to be asked.
    var changedGroups: Set<String> = []
    /// How the last run of each ref has ended, by pipeline; ahead of what the pipelines' statuses hold.
    var outcomes: [String: RefOutcomes] = [:]
    var fleet = Fleet()
    /// Agents, by name, that an operator wants to take nothing more. Looked up, never iterated.
    var drained: Set<String> = []
    var claims: [Fence: Claim] = [:]
    var claimsByRun: [String: [Fence]] = [:]
    var boundByInstance: [String: Int] = [:]
    var boundByPipeline: [String: Int] = [:]
    var offsets = ResultsOffsets()
    var timers = TimerQueue<TimerKey>()
    /// Reports for runs that a direct read is being made of.
    var orphans: [String: [RunEntry.Incoming]] = [:]
    var proofs: [Int: [Fence]] = [:]
    var lastToken = 0
    var isListed = false
    /// When everything was first listed.
    var listedAt: Int64?
    var isLinkUp = true
    var lastStep: Int64?
    var expectsTraffic: Bool?
    /// Runs to plan in this step, in the order in which they were touched.
    var dirty: [String] = []
    var isDirty: Set<String> = []
    var readyRuns: Set<String> = []
    var mustSchedule = false
    var lastUnplaced: [Placement.Unplaced] = []
    var scheduleAt: Int64?
    /// Runs with a write under way.
    var writing = 0
    var isFleetWatched = false
    var lastExplained: Int64?
    /// When the scheduler was last asked.
    var lastPlaced: Int64?
    var lastMoment: Moment?
    var actions: [ControllerAction] = []

    enum TimerKey: Hashable, Sendable {
        case run(String)
        case claim(Fence)
        case schedule
        case history(HistoryGroup)
        /// Agents that have gone silent; also keeps steps coming while anything is bound, so that a gap shows.
        case fleet
    }

    /// Between two looks at the fleet.
    static let fleetInterval = seconds(Presence.intervalSeconds)

    package init(configuration: ControllerConfiguration = ControllerConfiguration()) {
        self.configuration = configuration
    }

    /// The uptime at which the next step is due even if nothing comes in.
    package var nextWake: Int64? { timers.next }

    /// Takes what has come in and says what to do.
    package mutating func step(_ inputs: [ControllerInput], at now: Moment) -> [ControllerAction] {
        actions = []
        lastMoment = now
        noticeGap(at: now)
        for input in inputs { take(input, at: now) }
        fireTimers(at: now)
        pass(at: now)
        let commits = offsets.takeCommits()
        if !commits.isEmpty { actions.append(.commit(commits)) }
        if let passedOver = fleet.takePassedOver() { actions.append(.passedOver(passedOver)) }
        announceTraffic()
        lastStep = now.uptime
        defer { actions = [] }
        return actions
    }

    private mutating func take(_ input: ControllerInput, at now: Moment) {
        switch input {
        case .store(let event): take(event, at: now)
        case .channel(let event): take(event, at: now)
        case .wrote(let uid, let outcome): wrote(uid, outcome, at: now)
        case .deleted(let uid, let outcome): deleted(uid, outcome, at: now)
        case .published(let fence, let digest, let delivered): published(fence, digest, delivered, at: now)
        case .sourceResolved(let uid, let result): resolved(uid, result, at: now)
        case .looked(let uid, let answer): looked(uid, answer, at: now)
        case .told(let uid, let record):
            guard runs[uid] != nil else { return }
            runs[uid]?.told.removeAll { $0.target == record.target }
            runs[uid]?.told.append(record)
            touch(uid)
        case .woke: break
        }
    }

    mutating func touch(_ uid: String) {
        if isDirty.insert(uid).inserted { dirty.append(uid) }
    }

    // MARK: Time

    /// A controller that stood still (stopped, starved) has read nothing meanwhile: nobody's lease may end for it.
    private mutating func noticeGap(at now: Moment) {
        guard let lastStep, now.uptime - lastStep > Self.fleetInterval + seconds(2), !claims.isEmpty else { return }
        renewEverything(at: now)
    }

    /// Gives every claim a full lease, and every agent the benefit of the doubt.
    mutating func renewEverything(at now: Moment) {
        fleet.refresh(at: now.uptime)
        proofs = [:]
        for fence in claims.keys.sorted() {
            switch claims[fence]?.phase {
            case .published?:
                claims[fence]?.phase = .published(deadline: now.uptime + seconds(configuration.claimSeconds))
            case .held?, .proving?:
                claims[fence]?.phase = .held(until: now.uptime + seconds(configuration.leaseSeconds))
            case .publishing?, .concluded?, nil: continue
            }
            watch(fence)
        }
    }

    /// Has the timers look at a claim when its time comes.
    mutating func watch(_ fence: Fence) {
        if let deadline = claims[fence]?.deadline { timers.push(.claim(fence), at: deadline) }
    }

    private mutating func fireTimers(at now: Moment) {
        while let key = timers.pop(until: now.uptime) {
            switch key {
            case .run(let uid):
                guard var entry = runs[uid] else { continue }
                if let wakeAt = entry.wakeAt, wakeAt <= now.uptime { entry.wakeAt = nil }
                runs[uid] = entry
                touch(uid)
            case .claim(let fence): check(fence, at: now)
            case .schedule:
                if let due = scheduleAt, due <= now.uptime {
                    scheduleAt = nil
                    mustSchedule = true
                }
            case .history(let group): fireHistory(group, at: now)
            case .fleet: lookAtFleet(at: now)
            }
        }
        if !claims.isEmpty || !readyRuns.isEmpty, !isFleetWatched {
            isFleetWatched = true
            timers.push(.fleet, at: now.uptime + Self.fleetInterval)
        }
    }

    private mutating func lookAtFleet(at now: Moment) {
        isFleetWatched = false
        if isLinkUp { forgetSilentAgents(at: now) }
    }

    /// An agent that hasn't been heard of for a lease gets nothing more, until it is heard of again.
    mutating func forgetSilentAgents(at now: Moment) {
        for instance in fleet.silent(since: now.uptime - seconds(configuration.leaseSeconds)) {
            fleet.remove(instance)
            mustSchedule = true
        }
    }

    /// Asks for a look at a run at an uptime, unless an earlier one is due.
    mutating func wake(_ uid: String, at uptime: Int64) {
        guard let wakeAt = runs[uid]?.wakeAt, wakeAt <= uptime else {
            runs[uid]?.wakeAt = uptime
            timers.push(.run(uid), at: uptime)
            return
        }
    }

    private mutating func announceTraffic() {
        // What waits in the queue brings nothing: where an agent had room it would be bound, and a new agent has time.
        let expected = !claims.isEmpty || !fleet.isEmpty && writing > 0
        guard expected != expectsTraffic else { return }
        expectsTraffic = expected
        actions.append(.expectTraffic(expected))
    }
}
