/// Which results may be forgotten: the position before the oldest that is not yet in a stored status.
struct ResultsOffsets: Sendable {
    private struct Partition: Sendable {
        var next: Int64 = 0
        /// In the order of their coming, so ascending.
        var pending: [Int64] = []
        var committed: Int64 = -1

        var safe: Int64 { pending.first ?? next }
    }

    private var partitions: [Int: Partition] = [:]
    /// How many records have been read and not settled.
    var unsettled: Int { partitions.values.reduce(0) { $0 + $1.pending.count } }
    private var moved: Set<Int> = []

    /// A record has been read; `isPending` says that it has to stay until `settle`.
    ///
    /// Returns whether reading of the partition has begun anew, at an earlier position or with a broker that has forgotten
    /// everything: whatever was pending there comes again or never, and its old positions mean nothing any more.
    mutating func read(_ position: ResultsPosition, isPending: Bool) -> Bool {
        var partition = partitions[position.partition] ?? Partition()
        let isAnew = position.offset < partition.next
        if isAnew { partition = Partition() }
        partition.next = max(partition.next, position.offset + 1)
        if isPending, partition.pending.last.map({ $0 < position.offset }) ?? true {
            partition.pending.append(position.offset)
        }
        partitions[position.partition] = partition
        moved.insert(position.partition)
        return isAnew
    }

    /// A record is in a stored status, or will never be.
    mutating func settle(_ position: ResultsPosition) {
        guard var partition = partitions[position.partition],
            let place = partition.pending.firstIndex(of: position.offset)
        else { return }
        partition.pending.remove(at: place)
        partitions[position.partition] = partition
        moved.insert(position.partition)
    }

    /// The positions that have moved on since the last call.
    mutating func takeCommits() -> [ResultsPosition] {
        var commits: [ResultsPosition] = []
        for number in moved.sorted() {
            guard var partition = partitions[number], partition.safe > partition.committed else { continue }
            partition.committed = partition.safe
            partitions[number] = partition
            commits.append(ResultsPosition(partition: number, offset: partition.safe))
        }
        moved.removeAll(keepingCapacity: true)
        return commits
    }
}
