import CKafka

extension ClientHandle {
    /// The properties of a client that is yet to be made.
    struct Configuration: ~Copyable {
        private let pointer: OpaquePointer

        init(_ settings: KafkaSettings) throws(KafkaError) {
            pointer = rd_kafka_conf_new()
            let pointer = pointer
            for property in settings.properties {
                try Self.set(property) { name, value, text, size in
                    rd_kafka_conf_set(pointer, name, value, text, size)
                }
            }
        }

        deinit { rd_kafka_conf_destroy(pointer) }

        /// Sets a property through one of librdkafka's two functions for it.
        static func set(
            _ property: KafkaSettings.Property,
            _ body: (String, String, UnsafeMutablePointer<CChar>?, Int) -> rd_kafka_conf_res_t
        ) throws(KafkaError) {
            let (result, reason) = withReason { body(property.name, property.value, $0, $1) }
            guard result != RD_KAFKA_CONF_OK else { return }
            // librdkafka quotes the value it refuses.
            let hidden = KafkaSettings.isSecret(property.name) ? "the value was refused" : reason
            throw KafkaError(.invalidArgument, hidden, about: .property(property.name))
        }

        /// Makes the client, which owns the configuration from then on.
        consuming func makeClient(_ type: rd_kafka_type_t) throws(KafkaError) -> OpaquePointer {
            let (client, reason) = Self.withReason { rd_kafka_new(type, pointer, $0, $1) }
            guard let client else {
                let code = KafkaError.Code(rd_kafka_last_error())
                _ = consume self
                throw KafkaError(code, reason)
            }
            discard self
            return client
        }

        private static func withReason<Value>(
            _ body: (UnsafeMutablePointer<CChar>?, Int) -> Value
        ) -> (Value, String) {
            withUnsafeTemporaryAllocation(of: CChar.self, capacity: 512) { text in
                text.initialize(repeating: 0)
                let value = body(text.baseAddress, text.count)
                return (value, text.baseAddress.map { String(cString: $0) } ?? "")
            }
        }

        func setCallbacks(_ inbox: CallbackInbox, for kind: Kind) {
            // Unretained: the handle holds a reference for as long as librdkafka can call back.
            rd_kafka_conf_set_opaque(pointer, Unmanaged.passUnretained(inbox).toOpaque())
            rd_kafka_conf_set_log_cb(pointer) { client, level, facility, text in
                // A getter, and the only way from here to the inbox.
                guard let inbox = CallbackInbox.from(rd_kafka_opaque(client)), let facility, let text else { return }
                inbox.write(
                    KafkaLogLine(
                        level: Int(level), facility: String(cString: facility), text: String(cString: text)))
            }
            guard kind != .admin else { return }
            rd_kafka_conf_set_error_cb(pointer) { client, code, reason, opaque in
                CallbackInbox.from(opaque)?.note(
                    .failed(
                        code: KafkaError.Code(rawValue: code), reason: reason.map { String(cString: $0) } ?? ""))
                CallbackInbox.endPoll(client)
            }
            guard kind == .producer else { return }
            rd_kafka_conf_set_dr_msg_cb(pointer) { _, message, opaque in
                guard let message = message?.pointee else { return }
                CallbackInbox.from(opaque)?.note(
                    .delivered(
                        reply: Int(bitPattern: message._private), code: KafkaError.Code(message.err),
                        KafkaDelivery(partition: message.partition, offset: message.offset)))
            }
        }
    }
}
