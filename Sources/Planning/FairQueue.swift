import Model

/// The order in which ready stages are looked at: by priority, and within one fairly between pipelines.
///
/// The share of a pipeline grows as its stages are placed, so the order depends on what has been placed so far; a heap
/// of pipelines keeps each step at the logarithm of their number.
struct FairQueue {
    private struct Line {
        /// Positions in the input, first to last.
        var waiting: ArraySlice<Int>
        let pipeline: Int
    }

    private let input: SchedulingInput
    /// By priority, highest first; within one a line for each pipeline.
    private var levels: [[Line]] = []
    private var level = 0
    private var heap = Heap<Line>()
    private var shares: [Int] = []
    private var current: Line?

    init(_ input: SchedulingInput) {
        self.input = input
        let ready = input.ready
        // Looked up, never iterated.
        var numbers: [String: Int] = [:]
        var pipelines = [Int](repeating: 0, count: ready.count)
        for (position, stage) in ready.enumerated() {
            if let number = numbers[stage.pipeline] {
                pipelines[position] = number
            } else {
                pipelines[position] = shares.count
                numbers[stage.pipeline] = shares.count
                shares.append(0)
            }
        }
        for share in input.bound {
            if let number = numbers[share.pipeline] { shares[number] += share.stages }
        }
        let order = ready.indices.sorted { left, right in
            if ready[left].priority != ready[right].priority { return ready[left].priority > ready[right].priority }
            if pipelines[left] != pipelines[right] { return pipelines[left] < pipelines[right] }
            return Self.isEarlier(left, right, ready)
        }
        var start = 0
        while start < order.count {
            let first = order[start]
            var end = start + 1
            while end < order.count, ready[order[end]].priority == ready[first].priority,
                pipelines[order[end]] == pipelines[first]
            {
                end += 1
            }
            let line = Line(waiting: order[start..<end], pipeline: pipelines[first])
            if let last = levels.last?.first?.waiting.first, ready[last].priority == ready[first].priority {
                levels[levels.count - 1].append(line)
            } else {
                levels.append([line])
            }
            start = end
        }
    }

    private static func isEarlier(_ left: Int, _ right: Int, _ ready: [ReadyStage]) -> Bool {
        if ready[left].since != ready[right].since { return ready[left].since < ready[right].since }
        if ready[left].run != ready[right].run { return ready[left].run < ready[right].run }
        return left < right
    }

    /// The position of the next stage to look at. Each must be answered with `placed` or `passed`.
    mutating func next() -> Int? {
        if heap.isEmpty {
            guard level < levels.count else { return nil }
            for line in levels[level] { push(line) }
            level += 1
        }
        guard let line = heap.pop({ [input, shares] in Self.goesBefore($0, $1, input, shares) }) else { return nil }
        current = line
        return line.waiting.first
    }

    mutating func placed(_ position: Int) {
        if let line = current { shares[line.pipeline] += 1 }
        advance()
    }

    mutating func passed(_ position: Int) {
        advance()
    }

    private mutating func advance() {
        guard var line = current else { return }
        current = nil
        line.waiting = line.waiting.dropFirst()
        if !line.waiting.isEmpty { push(line) }
    }

    private mutating func push(_ line: Line) {
        heap.push(line) { [input, shares] in Self.goesBefore($0, $1, input, shares) }
    }

    // A pipeline's share changes only while its line is out of the heap, so the heap's order stays right.
    private static func goesBefore(_ left: Line, _ right: Line, _ input: SchedulingInput, _ shares: [Int]) -> Bool {
        if shares[left.pipeline] != shares[right.pipeline] {
            return shares[left.pipeline] < shares[right.pipeline]
        }
        guard let first = left.waiting.first, let second = right.waiting.first else { return false }
        return isEarlier(first, second, input.ready)
    }
}

/// A binary heap whose order comes with each call, since it may look at what lies outside of the elements.
struct Heap<Element> {
    private var elements: [Element] = []

    var isEmpty: Bool { elements.isEmpty }
    var first: Element? { elements.first }

    mutating func push(_ element: Element, by goesBefore: (Element, Element) -> Bool) {
        elements.append(element)
        var place = elements.count - 1
        while place > 0 {
            let parent = (place - 1) / 2
            guard goesBefore(elements[place], elements[parent]) else { return }
            elements.swapAt(place, parent)
            place = parent
        }
    }

    mutating func pop(_ goesBefore: (Element, Element) -> Bool) -> Element? {
        guard let first = elements.first else { return nil }
        let last = elements.removeLast()
        guard !elements.isEmpty else { return first }
        elements[0] = last
        var place = 0
        while true {
            var least = place
            for child in [2 * place + 1, 2 * place + 2]
            where child < elements.count && goesBefore(elements[child], elements[least]) {
                least = child
            }
            if least == place { return first }
            elements.swapAt(place, least)
            place = least
        }
    }
}
