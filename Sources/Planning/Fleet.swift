import Model

/// The agents of one scheduling pass, with the slots that the pass has taken.
///
/// Stages that ask for the same (kind and labels) share one demand, whose agents are found once and kept in a heap by
/// load. Load only grows during a pass, so an agent whose entry is out of date is put back when it comes up.
struct Fleet {
    private struct Wish: Hashable {
        let kind: String
        let selector: StringMap
    }

    private struct Entry {
        let agent: Int
        /// Slots in use when the entry was made.
        let used: Int
    }

    private struct Demand {
        let wish: Wish
        /// Agents that offer the kind and have all labels.
        var matching: [Int] = []
        /// How many agents of the kind lack each entry of the selector, counted by the first that they lack.
        var lacking: [Int]
        var heap = Heap<Entry>()
        // Looked up, never iterated.
        var byRepository: [String: Heap<Entry>] = [:]
        var isMember: [Bool]
    }

    private let candidates: [Candidate]
    private let now: Timestamp
    private var free: [Int]
    /// Position of each agent in the order of ids, so that ties compare numbers.
    private var rank: [Int]
    private var demands: [Demand] = []
    // Looked up, never iterated.
    private var places: [Wish: Int] = [:]
    private var byKind: [String: [Int]] = [:]
    /// For each label that a stage asks for, whether each agent has it.
    private var byLabel: [StringMap.Entry: [Bool]] = [:]
    private var byRepository: [String: [Int]] = [:]

    var demandCount: Int { demands.count }

    init(_ input: SchedulingInput) {
        candidates = input.candidates
        now = input.now
        free = candidates.map { max(0, min($0.free, $0.slots)) }
        rank = [Int](repeating: 0, count: candidates.count)
        let order = input.candidates.indices.sorted {
            (input.candidates[$0].agent, input.candidates[$0].instance)
                < (input.candidates[$1].agent, input.candidates[$1].instance)
        }
        for (position, place) in order.enumerated() { rank[place] = position }
        var wanted: Set<String> = []
        for stage in input.ready {
            if let repository = stage.repository { wanted.insert(repository) }
        }
        for (place, candidate) in candidates.enumerated() {
            for (index, kind) in candidate.kinds.enumerated() where !candidate.kinds[..<index].contains(kind) {
                byKind[kind, default: []].append(place)
            }
            for repository in candidate.repositories where wanted.contains(repository) {
                byRepository[repository, default: []].append(place)
            }
        }
    }

    /// The number of the demand that a stage makes.
    mutating func demand(of stage: ReadyStage) -> Int {
        let wish = Wish(kind: stage.kind, selector: stage.selector)
        if let place = places[wish] { return place }
        let labels = wish.selector.entries.map { holders(of: $0) }
        var demand = Demand(
            wish: wish, lacking: [Int](repeating: 0, count: labels.count),
            isMember: [Bool](repeating: false, count: candidates.count))
        for agent in byKind[wish.kind] ?? [] {
            if let missing = labels.firstIndex(where: { !$0[agent] }) {
                demand.lacking[missing] += 1
                continue
            }
            demand.matching.append(agent)
            guard free[agent] > 0, !candidates[agent].isDraining, (candidates[agent].passedOverUntil ?? now) <= now
            else { continue }
            demand.isMember[agent] = true
            push(agent, into: &demand.heap)
        }
        places[wish] = demands.count
        demands.append(demand)
        return demands.count - 1
    }

    /// Whether each agent has a label; found out once, since thousands of wishes may ask for the same.
    private mutating func holders(of label: StringMap.Entry) -> [Bool] {
        if let known = byLabel[label] { return known }
        let holders = candidates.map { $0.labels[label.key] == label.value }
        byLabel[label] = holders
        return holders
    }

    /// Takes a slot of the agent that suits best; nil when none has one.
    mutating func take(_ demand: Int, repository: String?) -> Int? {
        if demands[demand].heap.isEmpty { return nil }
        if let repository, byRepository[repository] != nil {
            var heap =
                demands[demand].byRepository.removeValue(forKey: repository)
                ?? repositoryHeap(demand, repository)
            let agent = takeLeastLoaded(&heap)
            demands[demand].byRepository[repository] = heap
            if let agent { return agent }
        }
        var heap = Heap<Entry>()
        swap(&heap, &demands[demand].heap)
        let agent = takeLeastLoaded(&heap)
        swap(&heap, &demands[demand].heap)
        return agent
    }

    private func repositoryHeap(_ demand: Int, _ repository: String) -> Heap<Entry> {
        var heap = Heap<Entry>()
        for agent in byRepository[repository] ?? [] where demands[demand].isMember[agent] && free[agent] > 0 {
            push(agent, into: &heap)
        }
        return heap
    }

    private mutating func takeLeastLoaded(_ heap: inout Heap<Entry>) -> Int? {
        while let entry = heap.pop(goesBefore) {
            if free[entry.agent] == 0 { continue }
            let used = candidates[entry.agent].slots - free[entry.agent]
            if used != entry.used {
                push(entry.agent, into: &heap)
                continue
            }
            free[entry.agent] -= 1
            if free[entry.agent] > 0 { push(entry.agent, into: &heap) }
            return entry.agent
        }
        return nil
    }

    private func push(_ agent: Int, into heap: inout Heap<Entry>) {
        heap.push(Entry(agent: agent, used: candidates[agent].slots - free[agent]), by: goesBefore)
    }

    /// The smaller fraction of slots in use, compared without dividing.
    private func goesBefore(_ left: Entry, _ right: Entry) -> Bool {
        let mine = left.used * candidates[right.agent].slots
        let theirs = right.used * candidates[left.agent].slots
        return mine != theirs ? mine < theirs : rank[left.agent] < rank[right.agent]
    }

    // MARK: Explaining

    /// Why nothing more can be placed for a demand.
    func explanation(of demand: Int, now: Timestamp) -> Unmet {
        let wish = demands[demand].wish
        let offering = byKind[wish.kind] ?? []
        guard !offering.isEmpty else {
            return Unmet(
                reason: Reason.noAgent,
                message: "no agent offers `\(wish.kind)`: start one with `martlet agent --kind \(wish.kind)`",
                isHopeless: true)
        }
        var busy = 0
        var draining = 0
        var passedOver = 0
        var lookAgain: Timestamp?
        var causes: [String] = []
        // Those that lack a label were counted when the demand was met first.
        for agent in demands[demand].matching {
            let candidate = candidates[agent]
            switch candidate.verdict(on: StringMap(), now: now) {
            case .draining, .silent: draining += 1
            case .passedOver(let until, let cause):
                passedOver += 1
                if let cause { causes.append("\(candidate.agent) \(cause)") }
                lookAgain = min(lookAgain ?? until, until)
            // Free at the beginning of the pass: the pass itself has filled it.
            case .busy, .able, .lacksLabels: busy += 1
            }
        }
        var parts: [String] = []
        if busy > 0 { parts.append("\(busy) busy") }
        if draining > 0 { parts.append("\(draining) draining") }
        if passedOver > 0 {
            let who = causes.isEmpty ? "" : " (\(causes.sorted().prefix(2).joined(separator: "; ")))"
            parts.append("\(passedOver) passed over for a while\(who)")
        }
        for (count, label) in zip(demands[demand].lacking, wish.selector.entries) where count > 0 {
            parts.append("\(count) \(count == 1 ? "lacks" : "lack") label \(label.key)=\(label.value)")
        }
        let isHopeless = busy == 0 && passedOver == 0
        let offers = offering.count == 1 ? "1 agent offers" : "\(offering.count) agents offer"
        return Unmet(
            reason: isHopeless ? Reason.noAgent : Reason.agentsBusy,
            message: bounded(
                "\(offers) `\(wish.kind)`: \(parts.joined(separator: ", "))", to: StageStatus.messageLimit),
            isHopeless: isHopeless,
            lookAgain: lookAgain)
    }
}

/// Why a demand isn't met.
struct Unmet {
    var reason: String
    var message: String
    var isHopeless: Bool
    var lookAgain: Timestamp?
}
