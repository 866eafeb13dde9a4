package import AgentProtocol
internal import Model

/// All that an agent decides: which assignments it takes, when work starts and ends, and what it says about it.
///
/// A plain value without clock, randomness or I/O. Each event returns what is to be done, in order; the same events at
/// the same times always return the same. The shell around it (`AgentService`, or a simulation) does it.
///
/// Guarantees: a fence is started at most once, and only after the broker has its `claimed`; never more stages run than
/// there are slots; every start ends in exactly one `finished`, which is sent until the broker has it.
package struct AgentMachine: Sendable {
    package typealias Event = AgentEvent
    package typealias Action = AgentAction

    let settings: AgentSettings
    var book: AttemptBook
    var refusals = Refusals()
    var outbox = Outbox()
    var heartbeat = Heartbeat()
    var lifecycle = Lifecycle.serving
    /// Where the agent listens; nil until the channel is ready.
    var inboxPartition: Int?
    /// Until when the first presence waits for the reports of instances before this one.
    var replayUntil: Int64?
    private var wantsPresence = false
    private var lastBusyAt = Int64.min
    private var expectsTraffic = false
    /// The uptime for which the shell has been asked.
    private var wakeAt: Int64?
    private var actions: [Action] = []
    /// Repositories that the agent has mirrored, the latest first.
    private var repositories: [String] = []

    enum Lifecycle: Equatable, Sendable {
        case serving
        /// A controller has said that it will send nothing more.
        case cordoned
        /// SIGTERM: what runs may go on until then.
        case draining(graceEnds: Int64)
        /// Everything is being ended; the process ends at that time in any case.
        case stopping(exitAt: Int64)
        /// The last presence is on its way.
        case leaving(sequence: Int, until: Int64)
        case gone
    }

    /// - Parameter kept: `finished` reports of instances that died before the broker had them, with their numbers.
    package init(_ settings: AgentSettings, kept: [(number: Int, report: AgentReport)] = []) {
        var settings = settings
        settings.slots = min(max(settings.slots, 0), AgentSettings.heldLimit)
        self.settings = settings
        book = AttemptBook(limit: settings.rememberedAttempts, outcomeLimit: settings.outcomeBytes)
        for (number, report) in kept { outbox.restore(report, number: number) }
    }

    /// How many slots are taken.
    package var busySlots: Int { book.busyCount }
    /// How many attempts the next presence lists.
    package var heldCount: Int { book.heldCount }

    package mutating func handle(_ event: Event, at now: AgentTime) -> [Action] {
        guard lifecycle != .gone else { return [] }
        // What it finds after a sleep comes before anything that it is told.
        dropUnstartedAfterGap(now)
        switch event {
        case .channel(.message(let message)):
            lastBusyAt = now.uptime
            receive(message, at: now)
        case .channel(.ready(let partition)): ready(partition, at: now)
        case .channel(.unreachable): break
        case .reportAcknowledged(let number): acknowledged(number, at: now)
        case .reportRefused(let number): refused(number, at: now)
        case .presenceAcknowledged(let sequence):
            heartbeat.acknowledge(sequence)
            left(sequence)
        case .presenceLost(let sequence):
            heartbeat.lose(sequence)
            left(sequence)
        case .mirrored(let url): mirrored(url)
        case .workProgressed(let fence, let message): progressed(fence, message)
        case .workEnded(let fence, let outcome): ended(fence, outcome, at: now)
        case .woke: wakeAt = nil
        case .drainRequested: drain(at: now)
        case .shutdownRequested: shutDown(at: now)
        }
        fenceSelf(at: now)
        passDeadlines(at: now)
        settle(at: now)
        defer { actions.removeAll(keepingCapacity: true) }
        return actions
    }

    private mutating func mirrored(_ normalisedURL: String) {
        repositories.removeAll { $0 == normalisedURL }
        repositories.insert(normalisedURL, at: 0)
        if repositories.count > 128 { repositories.removeLast() }
    }

    // MARK: Saying

    mutating func act(_ action: Action) {
        actions.append(action)
    }

    mutating func announceSoon() {
        wantsPresence = true
    }

    /// Makes a report about an attempt of this instance and sends it.
    mutating func send(_ event: AgentReport.Event, about fence: Fence, digest: String) -> Int {
        let report = AgentReport(
            fence: fence, agent: settings.agent, instance: settings.instance, digest: digest, event: event)
        var isKept = false
        if settings.keepsReports, case .finished = event { isKept = true }
        let number = outbox.add(report, isKept: isKept)
        if isKept { act(.keep(report, number: number)) }
        act(.send(report, number: number))
        return number
    }

    mutating func announce(isLeaving: Bool = false, at now: AgentTime) {
        var presence = Presence()
        presence.agent = settings.agent
        presence.instance = settings.instance
        presence.sequence = heartbeat.next(at: now.uptime)
        presence.kinds = settings.kinds
        presence.labels = settings.labels
        presence.slots = lifecycle == .serving ? settings.slots : 0
        presence.inboxPartition = inboxPartition ?? 0
        presence.repositories = repositories
        presence.held = book.heldAttempts.map { HeldFence(fence: $0.fence, digest: $0.digest) }
        presence.isDraining = lifecycle != .serving
        presence.isLeaving = isLeaving
        presence.version = settings.version
        wantsPresence = false
        act(.announce(presence))
    }

    private mutating func progressed(_ fence: Fence, _ message: String) {
        guard let attempt = book[fence], attempt.phase == .running else { return }
        act(
            .mention(
                AgentReport(
                    fence: fence, agent: settings.agent, instance: settings.instance, digest: attempt.digest,
                    event: .progress(message: message.cut(toBytes: StageStatus.messageLimit)))))
    }

    // MARK: Time

    /// Everything that follows from an event: presence, leaving, the next time to look.
    private mutating func settle(at now: AgentTime) {
        leaveIfDone(at: now)
        guard lifecycle != .gone else { return }
        if inboxPartition != nil, replayUntil == nil {
            if wantsPresence || heartbeat.dueAt <= now.uptime {
                book.forgetOutcomes(before: now.uptime - seconds(AgentSettings.memorySeconds))
                if case .leaving = lifecycle {} else { announce(at: now) }
            }
        }
        if book.heldCount > 0 { lastBusyAt = now.uptime }
        let expects = lastBusyAt != .min && now.uptime - lastBusyAt < seconds(AgentSettings.idleSeconds)
        if expects != expectsTraffic {
            expectsTraffic = expects
            act(.expectTraffic(expects))
        }
        let next = nextDeadline(after: now.uptime)
        // A wake that comes too early does no harm, and asking for it anew with every event would cost more.
        if next != .max, wakeAt.map({ next < $0 || $0 <= now.uptime }) ?? true {
            wakeAt = next
            act(.wake(at: next))
        }
    }

    /// Nothing that is over already: it has been dealt with, and asking for it again would never end.
    private func nextDeadline(after uptime: Int64) -> Int64 {
        var next = Int64.max
        if inboxPartition != nil {
            next = replayUntil ?? heartbeat.dueAt
            if case .leaving = lifecycle { next = .max }
        }
        if let resend = outbox.resendAt, inboxPartition != nil { next = min(next, resend) }
        if book.busyCount > 0, let end = selfFenceAt, end > uptime { next = min(next, end) }
        switch lifecycle {
        case .draining(let end), .stopping(let end), .leaving(_, let end): next = min(next, end)
        case .serving, .cordoned, .gone: break
        }
        return next
    }

    var selfFenceAt: Int64? {
        heartbeat.acknowledged.map { $0 + seconds(settings.selfFenceSeconds) }
    }

    private mutating func passDeadlines(at now: AgentTime) {
        if let resend = outbox.resendAt, resend <= now.uptime, inboxPartition != nil { sendUnsent() }
        if let end = replayUntil, outbox.isEmpty || end <= now.uptime {
            replayUntil = nil
            announceSoon()
        }
        switch lifecycle {
        case .draining(let end) where end <= now.uptime: graceIsOver(at: now)
        case .stopping(let end) where end <= now.uptime: leaveNow()
        case .leaving(_, let end) where end <= now.uptime: leaveNow()
        case .serving, .cordoned, .draining, .stopping, .leaving, .gone: break
        }
    }

    mutating func sendUnsent() {
        for (number, report) in outbox.takeUnsent() { act(.send(report, number: number)) }
    }
}
