/// First in, first out, with constant cost at both ends.
struct Queue<Element: Sendable>: Sendable {
    private var elements: [Element] = []
    private var head = 0

    var count: Int { elements.count - head }
    var isEmpty: Bool { head == elements.count }
    var first: Element? { isEmpty ? nil : elements[head] }

    subscript(index: Int) -> Element { elements[head + index] }

    mutating func append(_ element: Element) {
        elements.append(element)
    }

    mutating func popFirst() -> Element? {
        guard !isEmpty else { return nil }
        let element = elements[head]
        head += 1
        // Moving the rest costs no more than what has been taken out since the last time.
        if head >= 64 && head * 2 >= elements.count {
            elements.removeFirst(head)
            head = 0
        }
        return element
    }

    func compactMap<Result>(_ transform: (Element) -> Result?) -> [Result] {
        elements[head...].compactMap(transform)
    }
}
