/// What waits for an answer from librdkafka, by the number that travels through C as the call's opaque pointer.
///
/// A number instead of a retained object: whatever librdkafka never answers (it drops messages when it is destroyed)
/// is still here, and can be told so.
struct Replies<Reply> {
    private var slots: [Reply?] = []
    private var free: [Int] = []

    var count: Int { slots.count - free.count }

    /// Keeps a reply, and gives its number, which is never zero.
    mutating func insert(_ reply: Reply) -> Int {
        if let index = free.popLast() {
            slots[index] = reply
            return index + 1
        }
        slots.append(reply)
        return slots.count
    }

    mutating func remove(_ number: Int) -> Reply? {
        guard slots.indices.contains(number - 1), let reply = slots[number - 1] else { return nil }
        slots[number - 1] = nil
        free.append(number - 1)
        return reply
    }

    mutating func removeAll() -> [Reply] {
        defer {
            slots = []
            free = []
        }
        return slots.compactMap(\.self)
    }
}
