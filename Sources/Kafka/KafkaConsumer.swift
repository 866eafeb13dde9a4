import CKafka
import Threads

/// Reads partitions it is told to read, without joining a group.
///
/// One thread polls and hands batches of records to one handler, synchronously: while the handler runs nothing else is
/// asked for, and what has been fetched stays inside librdkafka, bounded by `queued.max.messages.kbytes`. Records of a
/// partition come in order. A change of the assignment happens on that thread too, between batches, so that no record
/// of an old assignment arrives once `assign`, `remove` or `pause` has returned.
///
/// # Whether fetches are answered
/// librdkafka retries a fetch for ever and says nothing while it does; an idle partition and a dead broker look alike.
/// Of the possible signals, `statistics.interval.ms` counts requests sent but not fetches answered, partition ends
/// (`reachedEnd`) come once per end and not again while a partition is idle, and watermarks alone prove that the
/// broker answers but not that this consumer's fetches do. So the signal is `readToEnd`: ask the broker for end offsets
/// now, then wait until everything below them has been through the handler. Its success proves that the reader had
/// seen, at the time of the call, all that was written before it; that is what a lease's expiry has to be checked
/// against. Called once a second it costs one ListOffsets request per broker.
package final class KafkaConsumer: Sendable {
    package enum Event: Sendable {
        /// A broker can't be reached, or refuses this client. librdkafka goes on trying.
        case failure(KafkaError)
        /// A partition can't be read: its topic is unknown, not authorised, or doesn't hold the offset asked for.
        ///
        /// librdkafka says nothing of a partition past a topic's last, or of a topic whose description is refused.
        /// `endOffsets` and `readToEnd` do.
        case partitionFailure(KafkaPartition, KafkaError)
        /// Nothing is left to be read for now. The offset is that of the next record. Comes anew after every record
        /// that was the last one.
        case reachedEnd(KafkaOffset)
        /// Another offset came than the one that was due. A higher one, where neither compaction nor transactions
        /// explain it: records were deleted before they were read. A lower one, or the end there: the log has begun anew.
        case jumped(KafkaPartition, expected: Int64, found: Int64)
    }

    package typealias RecordHandler = @Sendable ([KafkaRecord]) -> Void

    /// What holds unless the caller's settings say otherwise.
    ///
    /// librdkafka wants a `group.id` even of a consumer that joins no group; it names the committed offsets.
    /// Without a membership `session.timeout.ms` has one meaning left: how long `close` waits for commits under way.
    package static let defaults: KafkaSettings = [
        "group.id": "no-group",
        "session.timeout.ms": "2000",
        "enable.auto.commit": "false",
        "enable.auto.offset.store": "false",
        "auto.offset.reset": "earliest",
        "allow.auto.create.topics": "false",
        "fetch.error.backoff.ms": "100",
        "queued.max.messages.kbytes": "16384",
        "socket.nagle.disable": "true",
        "reconnect.backoff.ms": "50",
        "reconnect.backoff.max.ms": "1000",
        "socket.connection.setup.timeout.ms": "10000",
    ]

    let loop: ConsumerLoop

    /// Makes a consumer and starts its thread. It doesn't wait for a broker.
    ///
    /// Both handlers are called on the consumer's thread, one call at a time and in the order of what they tell.
    package init(
        _ settings: KafkaSettings, log: KafkaLogHandler? = nil,
        onEvent: @escaping @Sendable (Event) -> Void = { _ in }, onRecords: @escaping RecordHandler
    ) throws(KafkaError) {
        // Ends are not a choice: positions rest on them where a partition has no record to tell one.
        let settings = Self.defaults.overridden(by: settings).overridden(by: ["enable.partition.eof": "true"])
        let handle = try ClientHandle(.consumer, settings, log: log)
        loop = ConsumerLoop(handle: handle, onEvent: onEvent, onRecords: onRecords)
        let loop = loop
        try NamedThread.serve("kafka-consume") { loop.run() }
    }

    // The backstop of an owner that forgot `close`: the thread ends by itself and destroys the client.
    deinit { loop.handle.beginClosing() }

    /// Reads these partitions from these places, and no others.
    ///
    /// Partitions that were read before begin anew at the place given.
    package func assign(_ starts: [KafkaStart]) async throws(KafkaError) {
        try await loop.perform { client, loop throws(KafkaError) in
            let list = PartitionList(starts)
            try KafkaError.check(rd_kafka_assign(client, starts.isEmpty ? nil : list.pointer))
            loop.change { $0.assign(starts) }
        }
    }

    /// Reads these partitions as well. Throws `.conflict` if one is read already.
    package func add(_ starts: [KafkaStart]) async throws(KafkaError) {
        try await loop.perform { client, loop throws(KafkaError) in
            let list = PartitionList(starts)
            if let error = rd_kafka_incremental_assign(client, list.pointer) { throw .consuming(error) }
            loop.change { $0.add(starts) }
        }
    }

    /// Reads these partitions no longer. Throws `.invalidArgument` if one isn't read.
    package func remove(_ partitions: [KafkaPartition]) async throws(KafkaError) {
        try await loop.perform { client, loop throws(KafkaError) in
            let list = PartitionList(partitions)
            if let error = rd_kafka_incremental_unassign(client, list.pointer) { throw .consuming(error) }
            loop.change { $0.remove(partitions) }
        }
    }

    /// Stops fetching these partitions; their place is kept.
    package func pause(_ partitions: [KafkaPartition]) async throws(KafkaError) {
        try await loop.perform { client, _ throws(KafkaError) in
            let list = PartitionList(partitions)
            try KafkaError.check(rd_kafka_pause_partitions(client, list.pointer))
            _ = try list.offsets()
        }
    }

    package func resume(_ partitions: [KafkaPartition]) async throws(KafkaError) {
        try await loop.perform { client, _ throws(KafkaError) in
            let list = PartitionList(partitions)
            try KafkaError.check(rd_kafka_resume_partitions(client, list.pointer))
            _ = try list.offsets()
        }
    }

    /// Ends the thread and frees the client; what waits is answered by `.closed`.
    ///
    /// Waits for the handler, for questions under way (at most their time limits), and for commits (at most 2 s). May be called more than once;
    /// each call returns when all is done. Not to be awaited by what the handler waits for.
    package func close() async {
        await loop.close()
    }
}
