/// One partition of a topic.
package struct KafkaPartition: Sendable, Hashable, Comparable, CustomStringConvertible {
    package var topic: String
    package var partition: Int32

    package init(_ topic: String, _ partition: Int32) {
        self.topic = topic
        self.partition = partition
    }

    package var description: String { "\(topic)[\(partition)]" }

    package static func < (left: Self, right: Self) -> Bool {
        (left.topic, left.partition) < (right.topic, right.partition)
    }
}

/// A place in a partition: the offset of the next record to be read there.
package struct KafkaOffset: Sendable, Hashable, CustomStringConvertible {
    package var partition: KafkaPartition
    package var offset: Int64

    package init(_ partition: KafkaPartition, _ offset: Int64) {
        self.partition = partition
        self.offset = offset
    }

    package init(_ topic: String, _ partition: Int32, _ offset: Int64) {
        self.init(KafkaPartition(topic, partition), offset)
    }

    package var description: String { "\(partition)@\(offset)" }
}

/// The offsets a partition holds: `low` is its oldest record's, `high` the next one to be written.
package struct KafkaWatermarks: Sendable, Hashable {
    package var low: Int64
    package var high: Int64

    package init(low: Int64, high: Int64) {
        self.low = low
        self.high = high
    }
}

/// Where reading of a partition begins.
package struct KafkaStart: Sendable, Hashable {
    package enum Place: Sendable, Hashable {
        case beginning
        /// The end as it is when the broker is asked, some time after the call. Who must not miss what is produced
        /// after the call asks `endOffsets` first and uses `.at`.
        case end
        case at(Int64)
        /// The group's committed offset; without one, what `auto.offset.reset` says.
        case committed
    }

    package var partition: KafkaPartition
    package var place: Place

    package init(_ partition: KafkaPartition, _ place: Place) {
        self.partition = partition
        self.place = place
    }

    package init(_ topic: String, _ partition: Int32, _ place: Place) {
        self.init(KafkaPartition(topic, partition), place)
    }

    /// The offset from which records are known to come, if it is known beforehand.
    var knownOffset: Int64? {
        if case .at(let offset) = place { offset } else { nil }
    }
}
