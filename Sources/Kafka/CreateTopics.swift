import CKafka

/// One request for topics to be made.
struct CreateTopics {
    private let specs: [KafkaTopicSpec]

    init(_ specs: [KafkaTopicSpec]) {
        self.specs = specs
    }

    /// Blocks until the cluster has answered. Gives the names of the topics that were made.
    func perform(_ client: OpaquePointer, _ milliseconds: Int32) throws(KafkaError) -> [String] {
        var topics: [OpaquePointer?] = []
        defer { rd_kafka_NewTopic_destroy_array(&topics, topics.count) }
        for spec in specs { topics.append(try Self.make(spec)) }

        let options = rd_kafka_AdminOptions_new(client, RD_KAFKA_ADMIN_OP_CREATETOPICS)
        defer { rd_kafka_AdminOptions_destroy(options) }
        // Both limits: for the request, and for the topics to be there on the controller.
        rd_kafka_AdminOptions_set_request_timeout(options, milliseconds, nil, 0)
        rd_kafka_AdminOptions_set_operation_timeout(options, milliseconds, nil, 0)

        let queue = rd_kafka_queue_new(client)
        defer { rd_kafka_queue_destroy(queue) }
        rd_kafka_CreateTopics(client, &topics, topics.count, options, queue)
        // librdkafka always answers within the request's time limit.
        guard let event = rd_kafka_queue_poll(queue, PollTimeout.unlimited) else { throw KafkaError(.timedOut) }
        defer { rd_kafka_event_destroy(event) }
        return try read(event)
    }

    private func read(_ event: OpaquePointer) throws(KafkaError) -> [String] {
        let code = rd_kafka_event_error(event)
        guard code == RD_KAFKA_RESP_ERR_NO_ERROR else {
            throw KafkaError(
                KafkaError.Code(code), rd_kafka_event_error_string(event).map { String(cString: $0) })
        }
        var count = 0
        let results = rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &count)
        var made: [String] = []
        for result in UnsafeBufferPointer(start: results, count: count) {
            let name = rd_kafka_topic_result_name(result).map { String(cString: $0) } ?? ""
            let code = rd_kafka_topic_result_error(result)
            if code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS { continue }
            guard code == RD_KAFKA_RESP_ERR_NO_ERROR else {
                let reason = rd_kafka_topic_result_error_string(result).map { String(cString: $0) }
                throw KafkaError(KafkaError.Code(code), reason, about: .topic(name))
            }
            made.append(name)
        }
        return made
    }

    private static func make(_ spec: KafkaTopicSpec) throws(KafkaError) -> OpaquePointer {
        let (topic, reason) = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 512) { text in
            text.initialize(repeating: 0)
            let topic = rd_kafka_NewTopic_new(
                spec.name, Int32(spec.partitions), Int32(spec.replicationFactor ?? -1), text.baseAddress, text.count)
            return (topic, text.baseAddress.map { String(cString: $0) } ?? "")
        }
        guard let topic else { throw KafkaError(.invalidArgument, reason, about: .topic(spec.name)) }
        for property in spec.configuration.properties {
            let code = rd_kafka_NewTopic_set_config(topic, property.name, property.value)
            guard code == RD_KAFKA_RESP_ERR_NO_ERROR else {
                rd_kafka_NewTopic_destroy(topic)
                throw KafkaError(KafkaError.Code(code), about: .property(property.name))
            }
        }
        return topic
    }
}
