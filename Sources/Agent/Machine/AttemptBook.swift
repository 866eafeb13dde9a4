internal import Model

/// The attempts that an agent remembers: all that it holds, and of the others the latest.
///
/// Bounds: so many attempts that aren't held, and so many bytes of outcomes, of which the oldest first lose their
/// findings and then are forgotten.
struct AttemptBook: Sendable {
    private let limit: Int
    private let outcomeLimit: Int
    private var attempts: [Fence: Attempt] = [:]
    private var held: Set<Fence> = []
    private(set) var busyCount = 0
    private var lastOrder = 0
    private var arrivals = Queue<Mention>()
    /// Ended attempts with an outcome, the oldest first; those before `shrunk` have lost their findings.
    private var outcomes = Queue<Mention>()
    private var shrunk = 0
    private(set) var outcomeBytes = 0

    /// A fence and which arrival of it is meant.
    private struct Mention: Sendable {
        var fence: Fence
        var order: Int
    }

    init(limit: Int, outcomeLimit: Int) {
        self.limit = limit
        self.outcomeLimit = outcomeLimit
    }

    subscript(fence: Fence) -> Attempt? { attempts[fence] }

    var heldCount: Int { held.count }

    /// What a presence lists, in the order of arrival.
    var heldAttempts: [Attempt] {
        held.compactMap { attempts[$0] }.sorted { $0.order < $1.order }
    }

    /// Ended attempts whose outcome is still known, the oldest first.
    var endedAttempts: [Attempt] {
        outcomes.compactMap { mention in
            attempts[mention.fence].flatMap { $0.order == mention.order && $0.phase == .ended ? $0 : nil }
        }
    }

    mutating func insert(_ attempt: Attempt) {
        lastOrder += 1
        var attempt = attempt
        attempt.order = lastOrder
        attempts[attempt.fence] = attempt
        count(nil, attempt)
        arrivals.append(Mention(fence: attempt.fence, order: attempt.order))
        forgetArrivals()
    }

    /// Changes an attempt that is there.
    mutating func update(_ fence: Fence, _ change: (inout Attempt) -> Void) {
        guard var attempt = attempts[fence] else { return }
        let old = attempt
        change(&attempt)
        attempts[fence] = attempt
        count(old, attempt)
    }

    private mutating func count(_ old: Attempt?, _ new: Attempt?) {
        busyCount += (new?.isBusy == true ? 1 : 0) - (old?.isBusy == true ? 1 : 0)
        outcomeBytes += (new?.outcome?.size ?? 0) - (old?.outcome?.size ?? 0)
        if let new, new.isHeld {
            held.insert(new.fence)
        } else if let fence = (new ?? old)?.fence {
            held.remove(fence)
        }
        if let new, new.phase == .ended, old?.phase != .ended {
            outcomes.append(Mention(fence: new.fence, order: new.order))
            boundOutcomes()
        }
    }

    private mutating func forgetArrivals() {
        var chances = arrivals.count
        while attempts.count - held.count > limit, chances > 0, let mention = arrivals.popFirst() {
            chances -= 1
            guard let attempt = attempts[mention.fence], attempt.order == mention.order else { continue }
            if attempt.isHeld {
                arrivals.append(mention)
            } else {
                attempts[mention.fence] = nil
                count(attempt, nil)
            }
        }
    }

    private mutating func boundOutcomes() {
        while outcomeBytes > outcomeLimit, !outcomes.isEmpty {
            if shrunk < outcomes.count {
                let mention = outcomes[shrunk]
                shrunk += 1
                change(mention) { $0.outcome = $0.outcome?.withoutFindings }
            } else {
                forgetOldestOutcome()
            }
        }
    }

    private mutating func forgetOldestOutcome() {
        guard let mention = outcomes.popFirst() else { return }
        shrunk = max(0, shrunk - 1)
        change(mention) { $0.outcome = nil }
    }

    private mutating func change(_ mention: Mention, _ body: (inout Attempt) -> Void) {
        guard attempts[mention.fence]?.order == mention.order else { return }
        update(mention.fence, body)
    }

    /// Forgets the outcomes of attempts that ended before that uptime.
    mutating func forgetOutcomes(before uptime: Int64) {
        while let mention = outcomes.first {
            if let attempt = attempts[mention.fence], attempt.order == mention.order, attempt.endedAt >= uptime {
                return
            }
            forgetOldestOutcome()
        }
    }
}
