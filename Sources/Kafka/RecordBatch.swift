import CKafka

/// Records read in one go, with how far each partition was read.
struct RecordBatch {
    /// A batch ends at these, so that memory stays bounded whatever the records' size.
    static let maximumCount = 512
    static let maximumBytes = 4 << 20

    private(set) var records: [KafkaRecord] = []
    /// Runs of records of one partition, each as the offset after its last.
    private(set) var runs: [KafkaOffset] = []
    private var bytes = 0

    var isEmpty: Bool { records.isEmpty }
    var isFull: Bool { records.count >= Self.maximumCount || bytes >= Self.maximumBytes }

    /// Adds a record. Gives the offset that was due instead, if this is another; `position` is asked when the batch has
    /// nothing of the partition yet.
    mutating func append(_ record: KafkaRecord, position: (KafkaPartition) -> Int64?) -> Int64? {
        let index = runs.count - 1
        let expected: Int64?
        if index >= 0, runs[index].partition.partition == record.partition,
            runs[index].partition.topic == record.topic
        {
            expected = runs[index].offset
            runs[index].offset = record.offset + 1
        } else {
            let partition = KafkaPartition(record.topic, record.partition)
            expected = runs.last { $0.partition == partition }?.offset ?? position(partition)
            runs.append(KafkaOffset(partition, record.offset + 1))
        }
        records.append(record)
        bytes += (record.value?.count ?? 0) + (record.key?.count ?? 0)
        return expected == record.offset ? nil : expected
    }
}

extension KafkaRecord {
    /// Copies a message of librdkafka's.
    init(_ message: UnsafeMutablePointer<rd_kafka_message_t>) {
        let content = message.pointee
        topic = content.rkt.flatMap { rd_kafka_topic_name($0) }.map { String(cString: $0) } ?? ""
        partition = content.partition
        offset = content.offset
        var type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE
        let time = rd_kafka_message_timestamp(message, &type)
        timestamp = type == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE ? nil : time
        key = Self.bytes(content.key, content.key_len)
        value = Self.bytes(content.payload, content.len)
        headers = Self.headers(message)
    }

    private static func bytes(_ start: UnsafeRawPointer?, _ count: Int) -> [UInt8]? {
        start.map { Array(UnsafeRawBufferPointer(start: $0, count: count)) }
    }

    private static func headers(_ message: UnsafeMutablePointer<rd_kafka_message_t>) -> [KafkaHeader] {
        var list: OpaquePointer?
        // The list belongs to the message.
        guard rd_kafka_message_headers(message, &list) == RD_KAFKA_RESP_ERR_NO_ERROR, let list else { return [] }
        let count = rd_kafka_header_cnt(list)
        return [KafkaHeader](unsafeUninitializedCapacity: count) { headers, filled in
            var name: UnsafePointer<CChar>?
            var value: UnsafeRawPointer?
            var size = 0
            while filled < count,
                rd_kafka_header_get_all(list, filled, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR,
                let known = name
            {
                headers.initializeElement(
                    at: filled, to: KafkaHeader(String(cString: known), bytes(value, size) ?? []))
                filled += 1
            }
        }
    }
}
