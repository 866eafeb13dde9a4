/// What is going to happen, in the order of virtual time; at one time in the order in which it was planned.
struct EventQueue {
    private struct Event {
        var at: Int64
        var number: Int
        var work: () -> Void

        func comesBefore(_ other: Event) -> Bool { at != other.at ? at < other.at : number < other.number }
    }

    private var heap: [Event] = []
    private(set) var count = 0

    mutating func push(at time: Int64, _ work: @escaping () -> Void) {
        count += 1
        heap.append(Event(at: time, number: count, work: work))
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child].comesBefore(heap[parent]) else { break }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    mutating func pop() -> (at: Int64, work: () -> Void)? {
        guard let first = heap.first else { return nil }
        let last = heap.removeLast()
        if !heap.isEmpty {
            heap[0] = last
            var parent = 0
            while true {
                var least = parent
                for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
                    if heap[child].comesBefore(heap[least]) { least = child }
                }
                guard least != parent else { break }
                heap.swapAt(parent, least)
                parent = least
            }
        }
        return (first.at, first.work)
    }

    mutating func clear() { heap = [] }
}
