internal import Model

/// Fences that were stopped: for a while nobody may start them, however late an assignment comes.
struct Refusals: Sendable {
    private static let limit = 10_000

    private var ends: [Fence: Int64] = [:]
    private var queue = Queue<(fence: Fence, end: Int64)>()

    func contains(_ fence: Fence, at uptime: Int64) -> Bool {
        ends[fence].map { $0 > uptime } ?? false
    }

    mutating func insert(_ fence: Fence, at uptime: Int64) {
        let end = uptime + seconds(AgentSettings.memorySeconds)
        ends[fence] = end
        queue.append((fence, end))
        while let first = queue.first, first.end <= uptime || queue.count > Self.limit {
            _ = queue.popFirst()
            // A later stop of the same fence has an entry of its own.
            if ends[first.fence] == first.end { ends[first.fence] = nil }
        }
    }
}
