/// What is to be looked at again, the earliest first.
///
/// A key may be queued more than once; whoever takes it out checks whether its time has really come.
struct TimerQueue<Key: Sendable>: Sendable {
    private var heap: [(at: Int64, key: Key)] = []

    var next: Int64? { heap.first?.at }
    var count: Int { heap.count }

    mutating func push(_ key: Key, at time: Int64) {
        heap.append((time, key))
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child].at < heap[parent].at else { break }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    /// Takes out the first key whose time is not after `now`.
    mutating func pop(until now: Int64) -> Key? {
        guard let first = heap.first, first.at <= now else { return nil }
        let last = heap.removeLast()
        if !heap.isEmpty {
            heap[0] = last
            var parent = 0
            while true {
                var least = parent
                for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
                    if heap[child].at < heap[least].at { least = child }
                }
                guard least != parent else { break }
                heap.swapAt(parent, least)
                parent = least
            }
        }
        return first.key
    }
}
