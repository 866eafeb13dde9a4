internal import AgentProtocol
internal import Model

/// Reports that the broker may not have yet, in the order in which they were made.
struct Outbox: Sendable {
    struct Entry: Sendable {
        var report: AgentReport
        var isKept: Bool
        /// Whether the channel has it; otherwise it is to be sent again.
        var isSent: Bool
    }

    private var entries: [Int: Entry] = [:]
    private var unsent: Set<Int> = []
    private var lastNumber = 0
    /// When what could not be sent is tried again.
    private(set) var resendAt: Int64?

    var isEmpty: Bool { entries.isEmpty }

    subscript(number: Int) -> Entry? { entries[number] }

    mutating func add(_ report: AgentReport, isKept: Bool) -> Int {
        lastNumber += 1
        entries[lastNumber] = Entry(report: report, isKept: isKept, isSent: true)
        return lastNumber
    }

    /// Takes over a report of an instance that died, under the number it was stored with.
    mutating func restore(_ report: AgentReport, number: Int) {
        lastNumber = max(lastNumber, number)
        entries[number] = Entry(report: report, isKept: true, isSent: false)
        unsent.insert(number)
    }

    mutating func remove(_ number: Int) -> Entry? {
        unsent.remove(number)
        if unsent.isEmpty { resendAt = nil }
        return entries.removeValue(forKey: number)
    }

    mutating func refused(_ number: Int, at uptime: Int64) {
        guard entries[number] != nil else { return }
        entries[number]?.isSent = false
        unsent.insert(number)
        resendAt = resendAt ?? uptime + seconds(AgentSettings.resendSeconds)
    }

    /// Everything that has to be sent again, the oldest first; it counts as sent from now on.
    mutating func takeUnsent() -> [(number: Int, report: AgentReport)] {
        let numbers = unsent.sorted()
        unsent.removeAll(keepingCapacity: true)
        resendAt = nil
        return numbers.compactMap { number in
            entries[number]?.isSent = true
            return entries[number].map { (number, $0.report) }
        }
    }
}
