import CKafka

/// Hands one message to librdkafka, which copies it.
enum ProduceArguments {
    /// Doesn't block: when the queue is full that is an error.
    static func produce(
        _ message: KafkaMessage, reply: Int, client: OpaquePointer, topic: OpaquePointer?
    ) throws(KafkaError) {
        let headers = makeHeaders(message.headers)
        let failure: OpaquePointer? = message.topic.withCString { name in
            withBytes(message.key) { key in
                withBytes(message.value) { value in
                    withUnsafeTemporaryAllocation(of: rd_kafka_vu_t.self, capacity: 7) { arguments in
                        arguments.initialize(repeating: rd_kafka_vu_t())
                        if let topic {
                            arguments[0].vtype = RD_KAFKA_VTYPE_RKT
                            arguments[0].u.rkt = topic
                        } else {
                            arguments[0].vtype = RD_KAFKA_VTYPE_TOPIC
                            arguments[0].u.cstr = name
                        }
                        arguments[1].vtype = RD_KAFKA_VTYPE_PARTITION
                        arguments[1].u.i32 = message.partition ?? -1
                        arguments[2].vtype = RD_KAFKA_VTYPE_MSGFLAGS
                        arguments[2].u.i = RD_KAFKA_MSG_F_COPY
                        arguments[3].vtype = RD_KAFKA_VTYPE_OPAQUE
                        arguments[3].u.ptr = UnsafeMutableRawPointer(bitPattern: reply)
                        arguments[4].vtype = RD_KAFKA_VTYPE_VALUE
                        arguments[4].u.mem = value
                        arguments[5].vtype = RD_KAFKA_VTYPE_KEY
                        arguments[5].u.mem = key
                        guard let headers else { return rd_kafka_produceva(client, arguments.baseAddress, 6) }
                        arguments[6].vtype = RD_KAFKA_VTYPE_HEADERS
                        arguments[6].u.headers = headers
                        return rd_kafka_produceva(client, arguments.baseAddress, 7)
                    }
                }
            }
        }
        guard let failure else { return }
        // librdkafka owns the headers of an accepted message only.
        if let headers { rd_kafka_headers_destroy(headers) }
        throw KafkaError.consuming(failure, about: .topic(message.topic))
    }

    private typealias Memory = rd_kafka_vu_s.__Unnamed_union_u.__Unnamed_struct_mem

    /// Lends bytes as librdkafka wants them: a null pointer is no key or no value, which an empty one is not.
    private static func withBytes<Value>(_ bytes: [UInt8]?, _ body: (Memory) -> Value) -> Value {
        guard let bytes else { return body(Memory(ptr: nil, size: 0)) }
        return bytes.withUnsafeBytes { buffer in
            // Never written to: librdkafka's argument is const in all but its type.
            if let start = buffer.baseAddress, !buffer.isEmpty {
                return body(Memory(ptr: UnsafeMutableRawPointer(mutating: start), size: buffer.count))
            }
            var empty: UInt8 = 0
            return withUnsafeMutableBytes(of: &empty) { body(Memory(ptr: $0.baseAddress, size: 0)) }
        }
    }

    private static func makeHeaders(_ headers: [KafkaHeader]) -> OpaquePointer? {
        guard !headers.isEmpty, let list = rd_kafka_headers_new(headers.count) else { return nil }
        for header in headers {
            // It copies both, and fails for no input.
            _ = header.value.withUnsafeBytes { value in
                rd_kafka_header_add(list, header.name, -1, value.baseAddress, value.count)
            }
        }
        return list
    }
}
