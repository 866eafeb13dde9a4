import Kafka

/// Which partitions are read, how far, and for whom: pure state.
struct Routes {
    struct Listener: Equatable {
        let user: Int
        /// Older records are not for it.
        let from: Int64?
    }

    private struct Route {
        let place: KafkaStart.Place
        /// The next offset to be dispatched; nil while the broker hasn't said where reading begins.
        var position: Int64?
        var listeners: [Listener]
    }

    /// Somebody who waits for everything below some offsets to have been dispatched.
    private struct Mark {
        let user: Int
        var missing: [KafkaPartition: Int64]
        let reached: @Sendable () -> Void
    }

    private var table: [KafkaPartition: Route] = [:]
    private var marks: [Mark] = []

    /// Adds a listener. Gives the partitions that aren't read yet and have to be from now on.
    mutating func add(_ user: Int, _ starts: [KafkaStart]) -> [KafkaStart] {
        var new: [KafkaStart] = []
        for start in starts {
            let offset: Int64? = if case .at(let offset) = start.place { offset } else { nil }
            if table[start.partition] == nil { new.append(start) }
            table[start.partition, default: Route(place: start.place, position: offset, listeners: [])]
                .listeners.append(Listener(user: user, from: offset))
        }
        return new
    }

    /// Removes a listener. Gives the partitions that nobody reads any more.
    mutating func remove(_ user: Int) -> [KafkaPartition] {
        marks.removeAll { $0.user == user }
        for partition in table.keys { table[partition]?.listeners.removeAll { $0.user == user } }
        let unread = table.filter { $0.value.listeners.isEmpty }.map(\.key)
        for partition in unread { table[partition] = nil }
        return unread.sorted()
    }

    func listeners(of partition: KafkaPartition) -> [Listener] { table[partition]?.listeners ?? [] }

    /// Where a consumer begins that takes over.
    var starts: [KafkaStart] {
        table.sorted { $0.key < $1.key }.map { partition, route in
            KafkaStart(partition, route.position.map { .at($0) } ?? route.place)
        }
    }

    /// Notes that a partition's log has begun anew at a lower offset, with a broker that has lost it: what its listeners
    /// have begun to read from means nothing any more.
    mutating func restart(_ partition: KafkaPartition, at offset: Int64) {
        guard let route = table[partition] else { return }
        table[partition]?.position = offset
        table[partition]?.listeners = route.listeners.map { Listener(user: $0.user, from: nil) }
    }

    /// Notes that everything of a partition before an offset has been dispatched. Gives what is to be called for it.
    mutating func advance(_ partition: KafkaPartition, to offset: Int64) -> [@Sendable () -> Void] {
        guard table[partition] != nil else { return [] }
        table[partition]?.position = offset
        guard !marks.isEmpty else { return [] }
        for index in marks.indices {
            if let end = marks[index].missing[partition], offset >= end {
                marks[index].missing[partition] = nil
            }
        }
        return takeReached()
    }

    /// How many records below these ends have not been dispatched, as far as positions are known.
    func lag(to ends: [KafkaOffset]) -> Int {
        ends.reduce(0) { sum, end in
            guard let position = table[end.partition]?.position else { return sum }
            return sum + Int(max(0, end.offset - position))
        }
    }

    /// Calls `reached` once everything below these ends has been dispatched; never, if the partitions cease to be read.
    mutating func mark(
        _ ends: [KafkaOffset], for user: Int, reached: @escaping @Sendable () -> Void
    ) -> [@Sendable () -> Void] {
        var missing: [KafkaPartition: Int64] = [:]
        for end in ends where !isReached(end) { missing[end.partition] = end.offset }
        marks.append(Mark(user: user, missing: missing, reached: reached))
        return takeReached()
    }

    private func isReached(_ end: KafkaOffset) -> Bool {
        // An empty log has no end to be reached, and a partition's start may be unknown until its first record.
        end.offset == 0 || table[end.partition]?.position.map { $0 >= end.offset } ?? false
    }

    private mutating func takeReached() -> [@Sendable () -> Void] {
        guard marks.contains(where: \.missing.isEmpty) else { return [] }
        defer { marks.removeAll(where: \.missing.isEmpty) }
        return marks.filter(\.missing.isEmpty).map(\.reached)
    }
}
