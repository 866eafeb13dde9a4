/// The values of the last keys that were put in, up to a number; older ones are forgotten.
struct RecentValues<Value: Sendable>: Sendable {
    private let limit: Int
    private var values: [String: Value] = [:]
    /// The keys in the order of their coming, as a ring.
    private var order: [String] = []
    private var oldest = 0

    init(limit: Int) {
        self.limit = limit
    }

    var count: Int { values.count }

    subscript(key: String) -> Value? { values[key] }

    /// Puts a value in, and returns whether its key is new.
    @discardableResult
    mutating func set(_ key: String, _ value: Value) -> Bool {
        guard values.updateValue(value, forKey: key) == nil else { return false }
        if order.count < limit {
            order.append(key)
        } else {
            values[order[oldest]] = nil
            order[oldest] = key
            oldest = (oldest + 1) % limit
        }
        return true
    }
}
