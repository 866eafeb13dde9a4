/// Names what one target is to be told of one run.
struct ReportKey: Hashable, Comparable, Sendable {
    var uid: String
    var target: String

    static func < (left: Self, right: Self) -> Bool {
        (left.uid, left.target) < (right.uid, right.target)
    }
}

/// Which runs are to be told to which targets, and when. A value: it neither waits nor sends.
///
/// Guarantees: a key waits at most once, under the earliest time that was asked for; a key that runs is held back until
/// it has ended; of a target no more keys run at once than its limit says. It holds keys alone, so that what is told is
/// always a run's last state, and its size is bounded by the number of runs.
struct ReportQueue {
    /// How many keys of each target may run at once.
    let limits: [String: Int]

    private var waiting: [ReportKey: Duration] = [:]
    /// What was asked for while the key runs.
    private var running: [ReportKey: Duration?] = [:]
    /// Failures in a row.
    private var failures: [ReportKey: Int] = [:]
    /// Nothing is told again before that time, so that changes that come one after the other are told together.
    private var floors: [ReportKey: Duration] = [:]
    private var pauses: [String: Duration] = [:]

    init(limits: [String: Int]) {
        self.limits = limits
    }

    var isEmpty: Bool { waiting.isEmpty && running.isEmpty }

    /// Asks for a key at a time. One that failed keeps to its back-off.
    mutating func add(_ key: ReportKey, at due: Duration) {
        if let asked = running[key] {
            running[key] = .some(asked.map { min($0, due) } ?? due)
        } else if failures[key] == nil || waiting[key] == nil {
            waiting[key] = min(waiting[key] ?? due, due)
        }
    }

    /// Takes all keys that may run now, the longest due first; they run until `ended` or `failed`.
    mutating func take(at now: Duration) -> [ReportKey] {
        floors = floors.filter { $0.value > now }
        pauses = pauses.filter { $0.value > now }
        let due = waiting.compactMap { entry in
            let time = effective(entry.key, entry.value)
            return time <= now ? (time: time, key: entry.key) : nil
        }
        var taken: [ReportKey] = []
        var free = freePlaces()
        for (_, key) in due.sorted(by: { ($0.time, $0.key) < ($1.time, $1.key) }) {
            guard let places = free[key.target], places > 0 else { continue }
            free[key.target] = places - 1
            waiting[key] = nil
            running[key] = .some(nil)
            taken.append(key)
        }
        return taken
    }

    /// When the next key may run that waits for nothing but time.
    var nextDue: Duration? {
        let free = freePlaces()
        return waiting.compactMap { entry in
            (free[entry.key.target] ?? 0) > 0 ? effective(entry.key, entry.value) : nil
        }.min()
    }

    /// A key has run, and isn't to run again before `floor`.
    mutating func ended(_ key: ReportKey, floor: Duration) {
        failures[key] = nil
        floors[key] = floor
        release(key)
    }

    /// A key has failed in a way that may pass.
    ///
    /// - Returns: How long it waits: a second at first, doubling up to five minutes, with jitter from a hash of the key.
    @discardableResult
    mutating func failed(_ key: ReportKey, at now: Duration) -> Duration {
        let count = (failures[key] ?? 0) + 1
        failures[key] = count
        let delay = Self.backOff(key, failures: count)
        release(key)
        waiting[key] = now + delay
        return delay
    }

    /// A key that its target didn't want now; it goes first once the target's pause is over.
    mutating func putBack(_ key: ReportKey, at now: Duration) {
        release(key)
        waiting[key] = now
    }

    /// Starts nothing of a target before that time.
    mutating func pause(_ target: String, until time: Duration) {
        pauses[target] = max(pauses[target] ?? time, time)
    }

    /// Forgets all that waits for a run; what runs of it ends by itself.
    mutating func drop(_ key: ReportKey) {
        waiting[key] = nil
        failures[key] = nil
        floors[key] = nil
        if running[key] != nil { running[key] = .some(nil) }
    }

    private mutating func release(_ key: ReportKey) {
        guard let asked = running.removeValue(forKey: key), let due = asked else { return }
        waiting[key] = due
    }

    private func effective(_ key: ReportKey, _ due: Duration) -> Duration {
        max(due, floors[key] ?? due, pauses[key.target] ?? due)
    }

    private func freePlaces() -> [String: Int] {
        var free = limits
        for key in running.keys { free[key.target, default: 0] -= 1 }
        return free
    }

    static func backOff(_ key: ReportKey, failures: Int) -> Duration {
        // Not beyond what a Double can hold, whatever the number of failures.
        let nominal = min(300, Double(1 << UInt64(min(max(failures, 1) - 1, 20))))
        return .seconds(nominal * (0.5 + chance(key, failures) / 2))
    }

    /// A number from 0 up to 1 that depends on its arguments alone (FNV-1a, then SplitMix64's finish).
    private static func chance(_ key: ReportKey, _ failures: Int) -> Double {
        var bits: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in "\(key.uid)/\(key.target)/\(failures)".utf8 { bits = (bits ^ UInt64(byte)) &* 0x100_0000_01B3 }
        bits = (bits ^ bits >> 30) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ bits >> 27) &* 0x94D0_49BB_1331_11EB
        return Double((bits ^ bits >> 31) >> 11) / Double(1 << 53 as UInt64)
    }
}
