import CKafka

/// The one owner of a list of partitions in librdkafka's form.
struct PartitionList: ~Copyable {
    struct Entry {
        let partition: KafkaPartition
        let offset: Int64
        let code: rd_kafka_resp_err_t
    }

    let pointer: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>

    init(_ partitions: [KafkaPartition], offset: Int64 = -1001) {
        self.init(partitions.map { KafkaOffset($0, offset) })
    }

    init(_ offsets: [KafkaOffset]) {
        pointer = rd_kafka_topic_partition_list_new(Int32(offsets.count))
        for entry in offsets {
            let added = rd_kafka_topic_partition_list_add(pointer, entry.partition.topic, entry.partition.partition)
            added?.pointee.offset = entry.offset
        }
    }

    init(_ starts: [KafkaStart]) {
        self.init(
            starts.map { start in
                let offset: Int64 =
                    switch start.place {
                    case .beginning: Int64(RD_KAFKA_OFFSET_BEGINNING)
                    case .end: Int64(RD_KAFKA_OFFSET_END)
                    case .at(let offset): offset
                    case .committed: Int64(RD_KAFKA_OFFSET_STORED)
                    }
                return KafkaOffset(start.partition, offset)
            })
    }

    deinit { rd_kafka_topic_partition_list_destroy(pointer) }

    var entries: [Entry] { Self.read(pointer) }

    /// The offsets as librdkafka filled them in. Throws the first partition's error, if there is one.
    func offsets() throws(KafkaError) -> [KafkaOffset] {
        let entries = entries
        for entry in entries { try KafkaError.check(entry.code, about: .partition(entry.partition)) }
        return entries.map { KafkaOffset($0.partition, $0.offset) }
    }

    static func read(_ list: UnsafePointer<rd_kafka_topic_partition_list_t>) -> [Entry] {
        UnsafeBufferPointer(start: list.pointee.elems, count: Int(list.pointee.cnt)).map { element in
            let topic = element.topic.map { String(cString: $0) } ?? ""
            return Entry(
                partition: KafkaPartition(topic, element.partition), offset: element.offset, code: element.err)
        }
    }
}
