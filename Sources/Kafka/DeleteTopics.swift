import CKafka

/// One request for topics to be deleted.
struct DeleteTopics {
    let names: [String]

    /// Blocks until the cluster has answered.
    func perform(_ client: OpaquePointer, _ milliseconds: Int32) throws(KafkaError) {
        var topics: [OpaquePointer?] = names.map { rd_kafka_DeleteTopic_new($0) }
        defer { rd_kafka_DeleteTopic_destroy_array(&topics, topics.count) }
        let options = rd_kafka_AdminOptions_new(client, RD_KAFKA_ADMIN_OP_DELETETOPICS)
        defer { rd_kafka_AdminOptions_destroy(options) }
        rd_kafka_AdminOptions_set_request_timeout(options, milliseconds, nil, 0)
        rd_kafka_AdminOptions_set_operation_timeout(options, milliseconds, nil, 0)
        let queue = rd_kafka_queue_new(client)
        defer { rd_kafka_queue_destroy(queue) }
        rd_kafka_DeleteTopics(client, &topics, topics.count, options, queue)
        // librdkafka always answers within the request's time limit.
        guard let event = rd_kafka_queue_poll(queue, PollTimeout.unlimited) else { throw KafkaError(.timedOut) }
        defer { rd_kafka_event_destroy(event) }
        try KafkaError.check(rd_kafka_event_error(event))
        var count = 0
        let results = rd_kafka_DeleteTopics_result_topics(rd_kafka_event_DeleteTopics_result(event), &count)
        for result in UnsafeBufferPointer(start: results, count: count) {
            let name = rd_kafka_topic_result_name(result).map { String(cString: $0) } ?? ""
            try KafkaError.check(rd_kafka_topic_result_error(result), about: .topic(name))
        }
    }
}
