internal import AgentProtocol
internal import Model
internal import Planning

/// The agents that are alive, by what they said last.
struct Fleet: Sendable {
    struct Member: Sendable {
        var presence: Presence
        var receivedAt: Int64
        /// The fences it listed and has not ended since.
        var held: Set<String>
    }

    /// For how long an instance gets nothing, for how long it did so the last time, and why.
    private struct Pass {
        var until: Timestamp
        var seconds: Int
        var cause: String
    }

    /// What a presence changed.
    enum Change: Equatable {
        /// A late or repeated one.
        case none
        /// The next one of a known instance. After a gap presences before it have been lost.
        case renewed(afterGap: Bool)
        /// An instance that wasn't known; `replaced` is the agent's former one.
        case joined(replaced: String?)
    }

    private(set) var members: [String: Member] = [:]
    private var instances: [String: String] = [:]
    /// In a fixed order, for everything that is decided or printed.
    private var order: [String] = []
    /// Whether other instances are passed over than when `takePassedOver` was last called.
    private var hasNewsOfPassedOver = false
    /// Instances that others have replaced, the latest last, with what they said last: no more than that is late, and no
    /// sign that they are back.
    private var replaced: [(instance: String, sequence: Int)] = []
    private static let replacedLimit = 1000
    /// By agent, an instance that has spoken once beside the one that is known. Looked up, never iterated.
    private var doubted: [String: (instance: String, sequence: Int)] = [:]
    /// By instance, until it claims something: being silent for a while clears nobody.
    private var passes: [String: Pass] = [:]
    private static let passesLimit = 1000

    subscript(instance: String) -> Member? { members[instance] }

    /// What each instance said last.
    var isEmpty: Bool { order.isEmpty }
    var presences: [Presence] { order.compactMap { members[$0]?.presence } }

    mutating func observe(_ presence: Presence, at uptime: Int64) -> Change {
        let held = Set(presence.held.map(\.fence))
        if var member = members[presence.instance] {
            guard presence.sequence > member.presence.sequence else { return .none }
            let isAfterGap = presence.sequence > member.presence.sequence + 1
            member.presence = presence
            member.receivedAt = uptime
            member.held = held
            members[presence.instance] = member
            return .renewed(afterGap: isAfterGap)
        }
        if let past = replaced.first(where: { $0.instance == presence.instance }) {
            guard presence.sequence > past.sequence else { return .none }
            replaced.removeAll { $0.instance == presence.instance }
        }
        let former = instances[presence.agent]
        if former != nil, isDoubtful(presence) { return .none }
        if let former {
            replaced.append((former, members[former]?.presence.sequence ?? 0))
            remove(former)
            if replaced.count > Self.replacedLimit { replaced.removeFirst(Self.replacedLimit / 2) }
        }
        members[presence.instance] = Member(presence: presence, receivedAt: uptime, held: held)
        instances[presence.agent] = presence.instance
        if passes[presence.instance] != nil { hasNewsOfPassedOver = true }
        let place = order.firstIndex { $0 > presence.instance } ?? order.endIndex
        order.insert(presence.instance, at: place)
        return .joined(replaced: former)
    }

    /// Whether a presence may be a late one of an instance that ended before the one that is known, as far as a controller
    /// can tell that has just taken over: a process begins with its first, and any other is followed by the next.
    private mutating func isDoubtful(_ presence: Presence) -> Bool {
        let earlier = doubted[presence.agent]
        if presence.sequence <= 1
            || earlier?.instance == presence.instance && presence.sequence > earlier?.sequence ?? 0
        {
            doubted[presence.agent] = nil
            return false
        }
        doubted[presence.agent] = (presence.instance, presence.sequence)
        return true
    }

    mutating func remove(_ instance: String) {
        guard let member = members.removeValue(forKey: instance) else { return }
        if passes[instance] != nil { hasNewsOfPassedOver = true }
        if instances[member.presence.agent] == instance { instances[member.presence.agent] = nil }
        order.removeAll { $0 == instance }
    }

    /// The instances that have not been heard of since `uptime`.
    func silent(since uptime: Int64) -> [String] {
        order.filter { (members[$0]?.receivedAt ?? 0) < uptime }
    }

    /// Takes everything as heard of just now: the controller itself was deaf.
    mutating func refresh(at uptime: Int64) {
        for instance in order { members[instance]?.receivedAt = uptime }
    }

    /// The attempt has ended at the agent; the slot is free before it says so.
    mutating func released(_ fence: String, by instance: String) {
        members[instance]?.held.remove(fence)
    }

    /// - Parameter cause: what it did, after its name: "declined it: no slot".
    mutating func passOver(
        _ instance: String, _ cause: String, at now: Moment, configuration: ControllerConfiguration
    ) {
        let former = passes[instance]
        // What it was given in the same moment and lets go in the same way is one occasion.
        if let former, former.until > now.wall { return }
        let seconds = min(
            max(configuration.passOverSeconds, (former?.seconds ?? 0) * 2), configuration.longestPassOverSeconds)
        if passes.count > Self.passesLimit { passes = passes.filter { $0.value.until > now.wall } }
        passes[instance] = Pass(until: now.wall.adding(seconds: seconds), seconds: seconds, cause: cause)
        hasNewsOfPassedOver = true
    }

    /// Takes over what another has decided.
    mutating func passOver(_ passedOver: PassedOver) {
        passes[passedOver.instance] = Pass(until: passedOver.until, seconds: 0, cause: passedOver.cause)
    }

    mutating func claimed(by instance: String) {
        guard !passes.isEmpty, passes.removeValue(forKey: instance) != nil else { return }
        hasNewsOfPassedOver = true
    }

    /// Every instance that is passed over, if that has changed since the last call.
    mutating func takePassedOver() -> [PassedOver]? {
        guard hasNewsOfPassedOver else { return nil }
        hasNewsOfPassedOver = false
        return order.compactMap { instance in
            guard let member = members[instance], let pass = passes[instance] else { return nil }
            return PassedOver(
                agent: member.presence.agent, instance: instance, until: pass.until, cause: pass.cause)
        }
    }

    /// The agents as the scheduler sees them. `bound` counts the attempts that statuses bind to an instance; `isBound` says
    /// whether a listed fence is one of those.
    func candidates(bound: (String) -> Int, isBound: (String, String) -> Bool) -> [Candidate] {
        order.compactMap { instance in
            guard let member = members[instance] else { return nil }
            let presence = member.presence
            let beyond = member.held.isEmpty ? 0 : member.held.count { !isBound($0, instance) }
            var candidate = Candidate(
                agent: presence.agent, instance: instance, kinds: presence.kinds, labels: presence.labels,
                slots: presence.slots, free: max(0, presence.slots - bound(instance) - beyond),
                repositories: presence.repositories, isDraining: presence.isDraining,
                passedOverUntil: passes[instance]?.until)
            candidate.passedOverCause = passes[instance]?.cause
            return candidate
        }
    }
}
