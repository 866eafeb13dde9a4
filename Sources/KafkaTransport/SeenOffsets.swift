/// The offsets of a partition whose records have been set aside by this process, the latest of them.
///
/// Not just the highest: a batch is given to one listener after the other, and a record is set aside by the one that it
/// is for, who may come after another has set aside a later one.
struct SeenOffsets: Sendable {
    private static let limit = 2048

    private var offsets: Set<Int64> = []
    private var order: [Int64] = []

    /// Whether the offset is new here.
    mutating func insert(_ offset: Int64) -> Bool {
        guard offsets.insert(offset).inserted else { return false }
        order.append(offset)
        if order.count > Self.limit {
            // Half at a time, so that not each one moves all others.
            for old in order.prefix(Self.limit / 2) { offsets.remove(old) }
            order.removeFirst(Self.limit / 2)
        }
        return true
    }
}
