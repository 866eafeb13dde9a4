import CKafka
import Threads

extension KafkaConsumer {
    /// The offset of the next record to be handled: everything before it has been through the handler.
    ///
    /// `nil` if the partition isn't assigned, or the broker hasn't said yet where its reading begins.
    package func position(of partition: KafkaPartition) -> Int64? {
        loop.position(of: partition)
    }

    /// The oldest and the next offset of a partition, as the broker answers now.
    package func queryOffsets(
        _ partition: KafkaPartition, timeout: Duration = .seconds(5)
    ) async throws(KafkaError) -> KafkaWatermarks {
        try await ask { client throws(KafkaError) in
            var marks = KafkaWatermarks(low: 0, high: 0)
            try KafkaError.check(
                rd_kafka_query_watermark_offsets(
                    client, partition.topic, partition.partition, &marks.low, &marks.high,
                    timeout.roundedUpMilliseconds),
                about: .partition(partition))
            return marks
        }
    }

    /// The end offsets of many partitions, as their brokers answer now, in the order asked for.
    ///
    /// One request per broker. The partitions need not be assigned, but must be different ones.
    package func endOffsets(
        of partitions: [KafkaPartition], timeout: Duration = .seconds(5)
    ) async throws(KafkaError) -> [KafkaOffset] {
        if partitions.isEmpty { return [] }
        return try await ask { client throws(KafkaError) in
            // librdkafka 2.0 has no ListOffsets call, but sends this "time" as it is, and -1 means the end there.
            let list = PartitionList(partitions, offset: Int64(RD_KAFKA_OFFSET_END))
            let code = rd_kafka_offsets_for_times(client, list.pointer, timeout.roundedUpMilliseconds)
            let found: [KafkaOffset]
            do throws(KafkaError) {
                found = try list.offsets()
                try KafkaError.check(code, about: partitions.count == 1 ? .partition(partitions[0]) : nil)
            } catch {
                throw Self.explained(error, client)
            }
            let ends = Dictionary(found.map { ($0.partition, $0.offset) }, uniquingKeysWith: { $1 })
            var answer: [KafkaOffset] = []
            for partition in partitions {
                guard let end = ends[partition], end >= 0 else {
                    throw KafkaError(.unknownPartition, about: .partition(partition))
                }
                answer.append(KafkaOffset(partition, end))
            }
            return answer
        }
    }

    /// Waits until everything is handled that was in these partitions when the brokers were asked, which is after the
    /// call. Gives back the ends they answered.
    ///
    /// See the type's comment: success is the sign that fetches are answered. Throws `.timedOut` if the brokers don't
    /// answer, or reading doesn't get there, in time; `.state` if a partition isn't assigned, or no longer.
    @discardableResult
    package func readToEnd(
        of partitions: [KafkaPartition], timeout: Duration = .seconds(5)
    ) async throws(KafkaError) -> [KafkaOffset] {
        let deadline = ContinuousClock.now + timeout
        let ends = try await endOffsets(of: partitions, timeout: timeout)
        try await loop.waitUntilRead(ends, deadline: deadline)
        return ends
    }

    /// Stores offsets under the consumer's `group.id`. The offset is that of the next record to be read.
    ///
    /// librdkafka holds a commit back for as long as no broker can be reached. After `.timedOut` it may therefore
    /// still be made, later.
    package func commit(
        _ offsets: [KafkaOffset], timeout: Duration = .seconds(10)
    ) async throws(KafkaError) {
        if offsets.isEmpty { return }
        try await loop.commit(offsets, deadline: .now + timeout)
    }

    /// The offsets stored under the consumer's `group.id`, `nil` where there is none, in the order asked for.
    package func committed(
        _ partitions: [KafkaPartition], timeout: Duration = .seconds(5)
    ) async throws(KafkaError) -> [Int64?] {
        if partitions.isEmpty { return [] }
        return try await ask { client throws(KafkaError) in
            let list = PartitionList(partitions)
            try KafkaError.check(rd_kafka_committed(client, list.pointer, timeout.roundedUpMilliseconds))
            let found = try list.offsets()
            return partitions.map { partition in
                found.first { $0.partition == partition }.flatMap { $0.offset < 0 ? nil : $0.offset }
            }
        }
    }

    /// librdkafka calls every partition unknown whose topic it has no description of; this asks the cluster why.
    private static func explained(_ error: KafkaError, _ client: OpaquePointer) -> KafkaError {
        guard error.code == .unknownPartition, case .partition(let partition) = error.subject else { return error }
        guard let topic = rd_kafka_topic_new(client, partition.topic, nil) else { return error }
        defer { rd_kafka_topic_destroy(topic) }
        var metadata: UnsafePointer<rd_kafka_metadata>?
        let status = rd_kafka_metadata(client, 0, topic, &metadata, 1000)
        guard status == RD_KAFKA_RESP_ERR_NO_ERROR, let metadata else { return error }
        defer { rd_kafka_metadata_destroy(metadata) }
        guard metadata.pointee.topic_cnt == 1, let code = metadata.pointee.topics?.pointee.err,
            code != RD_KAFKA_RESP_ERR_NO_ERROR
        else { return error }
        return KafkaError(KafkaError.Code(code), about: error.subject)
    }

    private func ask<Value: Sendable>(
        _ question: @escaping @Sendable (OpaquePointer) throws(KafkaError) -> Value
    ) async throws(KafkaError) -> Value {
        let handle = loop.handle
        return try await NamedThread.run("kafka-ask") { () throws(KafkaError) in
            try handle.withClient(question)
        }
    }
}
